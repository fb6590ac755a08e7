/** RQ's own example: greets on standard output, which is kept with the job, and returns a value, which becomes its result. */
export function hello(name = 'world'): [string, string, number] {
  console.log(`Hello, ${name}!`);
  return [name, '192.168.0.1', 1024];
}

/** Greets somebody at work. Throws without a name: what a task throws is why its job fails. */
export function workat(name?: string): string {
  if (typeof name !== 'string' || name === '') throw new TypeError('workat needs a name: rqt enqueue hello#workat yangyi');
  console.log(`Hello, ${name}, at work!`);
  return name;
}
