import type { Millis } from './ids.ts';

/** A calendar month in UTC as `YYYY-MM`; months compare as strings. Each names one segment of every conversation's log. */
export type Month = string;

/** The month that was asked for last. Nearly every call is about the present month, and a message needs several calls. */
let last: { month: Month; from: Millis; to: Millis } = { month: '', from: 0, to: 0 };

/** The month that contains an instant. */
export function monthOf(at: Millis): Month {
  if (!(at >= last.from && at < last.to)) {
    const month = new Date(at).toISOString().slice(0, 7);
    last = { month, from: monthStart(month), to: monthStart(nextMonth(month)) };
  }
  return last.month;
}

/** The first instant of a month. */
export function monthStart(month: Month): Millis {
  return Date.parse(`${month}-01T00:00:00.000Z`);
}

export function nextMonth(month: Month): Month {
  const [year, index] = month.split('-').map(Number) as [number, number];
  return index === 12 ? `${year + 1}-01` : `${year}-${String(index + 1).padStart(2, '0')}`;
}

/** The name of the collection or table that holds a month's messages. */
export function segmentName(month: Month): string {
  return `message_${month.replace('-', '_')}`;
}

export function laterMonth(a: Month, b: Month): Month {
  return a > b ? a : b;
}
