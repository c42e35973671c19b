/** Kept parts of answers hold what functions found in files; once a file was replaced, those of before are not right any more. */
import type { DuckTask } from './duck-messages.ts';

/** The task with keys of parts that are new with each revision of the files; the first one is 0. */
export function revisedTask(task: DuckTask, revision: number): DuckTask {
  if (revision === 0 || (task.kind !== 'missing' && task.kind !== 'answer')) return task;
  const ofRevision = (key: string): string => `${revision} ${key}`;
  if (task.kind === 'missing') {
    const parts = task.request.parts.map((part) => ({ ...part, key: ofRevision(part.key) }));
    return { ...task, request: { parts } };
  }
  const parts = task.request.parts.map((part) =>
    part.kind === 'kept' ? { ...part, key: ofRevision(part.key) } : part,
  );
  return { ...task, request: { ...task.request, parts } };
}
