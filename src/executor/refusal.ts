/** A task cannot be run at all: its name is wrong, or nothing can be found under it. The message is the whole reason. */
export class TaskRefusal extends Error {
  override readonly name = 'TaskRefusal';
}
