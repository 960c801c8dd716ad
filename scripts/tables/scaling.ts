/** The table of costs by size, made from the newest run of `npm run bench -- scaling`. */
import { readdirSync, readFileSync } from 'node:fs';
import type { ScalingFigure } from '../../bench/scaling.ts';
import { markdownTable } from './markdown.ts';

const folder = new URL('../../bench/results/', import.meta.url);

export function scalingTable(): string {
  const names = readdirSync(folder).filter((name) => name.endsWith('-scaling.json'));
  const text = readFileSync(new URL(names.sort().at(-1) as string, folder), 'utf8');
  const { results } = JSON.parse(text) as { results: { scaling: readonly ScalingFigure[] } };
  const cell = ({ medianMs, othersSlowestMs }: ScalingFigure) => `${ms(medianMs)} (${ms(othersSlowestMs)})`;
  const byRequest = Map.groupBy(results.scaling, ({ request }) => request);
  const rows = [...byRequest].map(([request, figures]) => {
    const unit = (figures.at(-1)?.size ?? 0) > 10_000 ? 'members' : 'conversations';
    return [request, unit, ...figures.map((figure) => `${figure.size.toLocaleString('en-US')}: ${cell(figure)}`)];
  });
  return markdownTable(['request', 'by number of', 'smallest', '', '', 'largest'], rows);
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}
