import type { KernelExports } from './kernel-module.ts';

/** The functions of `assembly/build.ts`; addresses and counts are u32, which arrive as signed numbers. */
export interface BuildExports extends KernelExports {
  buildReserve(rawBytes: number, recordCount: number): number;
  buildBegin(recordCount: number): void;
  buildAppend(bytes: number): number;
  buildDecode(...places: readonly number[]): number;
  buildMeta(start: number, length: number): number;
  buildTag(...range: readonly number[]): number;
  buildLogs(start: number, length: number): number;
  buildPrepare(): void;
  buildRowCount(): number;
  buildRowTimes(): number;
  buildRowNs(): number;
  buildFieldCount(): number;
  buildFieldName(field: number): number;
  buildFieldNameBytes(field: number): number;
  buildFieldUsed(field: number): number;
  buildTokenizerBegin(): number;
  buildTokenizerEnd(flags: number): number;
  buildNewList(): number;
  buildTarget(...parts: readonly number[]): number;
  buildLine(target: number): void;
  buildPlan(...parts: readonly number[]): void;
  buildArrivals(): number;
  buildInvert(reordered: number): number;
  buildHostScratch(): number;
  buildHostTerm(length: number): void;
  buildFinish(fieldCount: number): number;
  buildResult(part: number): number;
  buildColumn(field: number, from: number, to: number): void;
  buildColumnPart(part: number): number;
  buildEntries(field: number): number;
  buildEntryCount(field: number): number;
  buildGroupEntryCount(field: number): number;
  buildUsedBytes(): number;
  buildRowsWithin(from: number, rowsMax: number, bytesMax: number): number;
}
