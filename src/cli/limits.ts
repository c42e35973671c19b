/** Bounds of the commands, each with the reason for its number. */
import { KIB, MIB, MINUTE_MS, SECOND_MS } from '#base/units.ts';

/** A root key file is some 150 bytes. */
export const KEY_FILE_BYTES_MAX: number = 64 * KIB;

/** A line of an answer holds one finding or an error text. */
export const LINE_BYTES_MAX: number = 1 * MIB;

/** The server's errors are some hundred bytes; what a proxy answers in its place is cut here. */
export const ERROR_BYTES_MAX: number = 64 * KIB;

/** The server sends a line each second, so a connection this silent is dead. */
export const SILENCE_MS_MAX: number = 1 * MINUTE_MS;

/** How often a reindex is asked how far it is: what a person watches. */
export const REINDEX_POLL_MS: number = 1 * SECOND_MS;

/** An event of a live tail: a log may be 10 MB, and JSON writes some characters with six. */
export const EVENT_CHARS_MAX: number = 64 * MIB;

/** An explained query: a page of 100 logs of 10 MB is a mistake, and an answer of SQL has 100 MB of texts at most. */
export const EXPLAIN_ANSWER_BYTES_MAX: number = 256 * MIB;

/** Pauses before a live tail connects again; a server that restarts is back after some seconds. */
export const RECONNECT_MS_MIN: number = 1 * SECOND_MS;
export const RECONNECT_MS_MAX: number = 15 * SECOND_MS;
