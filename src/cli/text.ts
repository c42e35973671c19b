/** Numbers and foreign texts as a terminal should show them. */
import { GIB, KIB, MIB } from '#base/units.ts';

const UNITS: readonly (readonly [name: string, bytes: number])[] = [
  ['GiB', GIB],
  ['MiB', MIB],
  ['KiB', KIB],
];

/** `1.5 GiB`, `12 B`. */
export function bytesText(bytes: number): string {
  const unit = UNITS.find(([, size]) => bytes >= size);
  if (unit === undefined) return `${bytes} B`;
  const value = bytes / unit[1];
  return `${value.toFixed(value < 10 ? 1 : 0)} ${unit[0]}`;
}

/** `1 segment`, `12,345 segments`. */
export function countText(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}

/** `0.4 s`, `3 min 5 s`. */
export function durationText(durationMs: number): string {
  const seconds = durationMs / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}

/** On one line and without control characters, which could speak to the terminal. */
export function plainText(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ');
}
