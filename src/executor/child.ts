/** The forked executor: receives jobs over its channel and runs them one after the other. */
import { failpoint } from '../failpoint.ts';
import { openChannel } from './channel.ts';
import { Cleanliness } from './cleanliness.ts';
import { TaskLoader } from './load.ts';
import { JobRunner } from './run-job.ts';

if (__FAILPOINTS__) failpoint('executor.started');
// Before any task is loaded, so that nothing can hold on to what is watched here.
const cleanliness = new Cleanliness();
let runner: JobRunner | null = null;

const channel = openChannel({
  run: call => runner?.run(call),
  abort: executionId => runner?.abort(executionId),
  answer: (number, value, error) => runner?.answer(number, value, error),
  blewUp: failure => (runner ? runner.blowUp(failure) : process.exit(70)),
  setup: setup => {
    const loader = new TaskLoader(setup);
    runner = new JobRunner({ setup, loader, cleanliness, send: channel.send });
    cleanliness.takeBaseline(setup.maxRssBytes);
    channel.send({ type: 'ready' });
    // In a task's own turn this would delay it; an executor that was forked ahead has the time.
    setImmediate(() => loader.prepare());
  },
});
