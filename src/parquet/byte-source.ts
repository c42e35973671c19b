/** The bytes of a file, wherever they are. */
export interface ByteSource {
  readonly sizeBytes: number;
  /** `length` bytes at `offset`, fewer at the end. The caller may keep them and must not change them. */
  read(offset: number, length: number): Promise<Uint8Array>;
}
