/** The bytes of a file, wherever they are. */
export interface ByteSource {
  readonly sizeBytes: number;
  /**
   * `length` bytes at `offset`, fewer at the end. The caller may keep them and must not change them. They may be put
   * `into` a buffer of so many bytes.
   */
  read(offset: number, length: number, into?: Uint8Array): Promise<Uint8Array>;
}
