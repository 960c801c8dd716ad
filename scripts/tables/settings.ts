/** The settings, for the README. */
import { descriptions } from '../../src/config/settings.ts';
import { markdownTable } from './markdown.ts';

export function settingsTable(): string {
  return markdownTable(
    ['name', 'default', 'values', 'purpose'],
    descriptions.map(({ env, default: initial, unit, min, max, reason }) => [
      `\`${env}\``,
      initial === null || initial === '' ? '' : `\`${initial}\``,
      min === undefined ? unit : `${min} to ${max} ${unit}`,
      reason,
    ]),
  );
}
