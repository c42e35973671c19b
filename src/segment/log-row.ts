/** All fields of one log as texts, `__time__`, `__source__` and `__topic__` always among them. */
export type LogRow = Readonly<Record<string, string>>;

/** `__proto__` is a name like any other in a log. */
export function setField(row: Record<string, string>, field: string, value: string): void {
  if (field !== '__proto__') row[field] = value;
  else
    Object.defineProperty(row, field, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
}
