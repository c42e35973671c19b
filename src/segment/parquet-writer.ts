/** Arrow batches → Parquet bytes, through `parquet-wasm`, a batch and a row group at a time. */
import {
  Compression,
  EnabledStatistics,
  Table,
  transformParquetStream,
  wasmMemory,
  WriterPropertiesBuilder,
  type WriterProperties,
} from 'parquet-wasm';
import { ROW_GROUP_BYTES_MAX, ROW_GROUP_ROWS } from './limits.ts';

/**
 * The pieces of a Parquet file, in order. `batches` are Arrow IPC streams of one schema, at least one.
 * Pulling a piece pulls as many batches as it takes to fill a row group.
 */
export async function* parquetPieces(batches: Iterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = new ReadableStream({
    pull(controller) {
      const next = batches.next();
      if (next.done === true) {
        controller.close();
        return;
      }
      const table = Table.fromIPCStream(next.value);
      for (const batch of table.recordBatches()) controller.enqueue(batch);
      table.free();
    },
  });
  const pieces = (await transformParquetStream(source, properties())) as ReadableStream<Uint8Array>;
  for await (const piece of pieces) yield piece;
}

/** Bytes of Wasm memory in this thread. It grows with the largest build and never shrinks. */
export function parquetHeapBytes(): number {
  return wasmMemory().buffer.byteLength;
}

function properties(): WriterProperties {
  return new WriterPropertiesBuilder()
    .setCreatedBy('sluice')
    .setCompression(Compression.ZSTD)
    .setStatisticsEnabled(EnabledStatistics.Chunk)
    .setMaxRowGroupSize(ROW_GROUP_ROWS)
    .setMaxRowGroupBytes(ROW_GROUP_BYTES_MAX)
    .build();
}
