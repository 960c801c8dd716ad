/** docs/security.md: every requirement has a state, a reason and a date, and names files that exist. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);
const page = readFileSync(new URL('docs/security.md', root), 'utf8');
const rows = [...page.matchAll(/^\| (\d+\.\d+\.\d+) \| ([12]) \| ([^|]+) \| ([^|]+) \| (.+) \| (\S+) \|$/gm)].map(
  ([, id, level, , state, evidence, date]) => ({ id, level, state, evidence: evidence ?? '', date: date ?? '' }),
);

describe('docs/security.md', () => {
  it('has each requirement of levels 1 and 2 once, with a state, a reason and a date', () => {
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
    expect(rows.filter(({ level }) => level === '1')).toHaveLength(70);
    expect(rows.filter(({ level }) => level === '2')).toHaveLength(176);
    for (const { evidence, date } of rows) {
      expect(evidence.length).toBeGreaterThan(2);
      expect(Date.parse(date)).not.toBeNaN();
    }
  });

  it('leaves nothing of level 1 open, and gives a reason for what is accepted', () => {
    for (const { id, level, state } of rows)
      expect([id, level === '1' ? ['met', 'n.a.'] : ['met', 'n.a.', 'accepted']]).toEqual([
        id,
        expect.arrayContaining([state]),
      ]);
  });

  it('names files that exist', () => {
    const names = rows.flatMap(
      ({ evidence }) => evidence.match(/\b(?:src|test|docs|schema|tools|\.github)\/[\w./-]+\.\w+/g) ?? [],
    );
    expect(names.length).toBeGreaterThan(100);
    expect(names.filter((name) => !existsSync(new URL(name, root)))).toEqual([]);
  });

  it('counts its rows', () => {
    const count = (level: string, state: string) =>
      rows.filter((row) => row.level === level && row.state === state).length;
    for (const level of ['1', '2']) {
      const counts = ['met', 'accepted', 'n.a.'].map((state) => count(level, state));
      const all = rows.filter((row) => row.level === level).length;
      expect(page).toContain(`| ${level} | ${counts.join(' | ')} | ${all} |`);
    }
  });
});
