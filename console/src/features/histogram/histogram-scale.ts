import type { TimeWindow } from '../../shared/log-types.ts';

/** The time under a place on the axis, clamped to the window. */
export function timeAt(x: number, width: number, window: TimeWindow): number {
  const share = width <= 0 ? 0 : Math.min(1, Math.max(0, x / width));
  return window.from + share * (window.to - window.from);
}

/** The place of a time on the axis. */
export function placeOf(time: number, width: number, window: TimeWindow): number {
  return ((time - window.from) / Math.max(1, window.to - window.from)) * width;
}

/** Pixels that a press may wander and still be a click. */
export const CLICK_PX_MAX = 4;

/**
 * The whole seconds that a drag from `start` to `end` covers (pixels, either order): at least one second, inside the window.
 * Undefined for a drag too short to be one.
 */
export function dragWindow(
  drag: { readonly start: number; readonly end: number },
  width: number,
  window: TimeWindow,
): TimeWindow | undefined {
  if (Math.abs(drag.end - drag.start) <= CLICK_PX_MAX) return undefined;
  const low = timeAt(Math.min(drag.start, drag.end), width, window);
  const high = timeAt(Math.max(drag.start, drag.end), width, window);
  const from = Math.min(Math.floor(low), window.to - 1);
  return { from, to: Math.min(window.to, Math.max(from + 1, Math.ceil(high))) };
}
