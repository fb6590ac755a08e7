import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { beforeEach, test } from 'node:test';
import { noFaketime, settableClock, wrongClock } from '../../helpers/faketime.ts';
import { type Ran, rqt, startRqt } from '../../helpers/rqt.ts';
import { linesOf } from '../../helpers/space.ts';
import { openStage, taskFolder, told } from '../../worker/stage.ts';

/** Hosts whose clock is wrong, or set while rqt runs: Redis's clock is the only one that counts. */
const stage = await openStage();
const { put, redis } = stage;
beforeEach(() => redis.client.flushall());

/** In seconds, as everything in Redis. */
async function redisNow(): Promise<number> {
  const [seconds, microseconds] = await redis.client.time();
  return Number(seconds) + Number(microseconds) / 1e6;
}

/** Redis's time before and after something, of which the result tells when it was. */
async function between<T>(act: () => Promise<T>): Promise<{ made: T; isWithin: (seconds: number, laterBy?: number) => boolean }> {
  const from = await redisNow();
  const made = await act();
  const to = await redisNow();
  return {
    made,
    isWithin: (seconds, laterBy = 0) => seconds >= Math.floor(from) + laterBy && seconds <= Math.ceil(to) + laterBy,
  };
}

const secondsOf = (iso: unknown) => Date.parse(String(iso)) / 1000;

for (const hours of [+7, -7]) {
  test(`a host whose clock is wrong by ${hours} h changes no time`, { skip: noFaketime }, async t => {
    const env = { ...stage.env, ...wrongClock(hours) };
    const wrong = (...args: string[]): Promise<Ran> => rqt(args, { env });
    const json = async (...args: string[]) => JSON.parse((await wrong(...args, '--json')).stdout);

    await t.test('what a producer schedules is due when it says', async () => {
      for (const more of [[], ['--spool']]) {
        const { made, isWithin } = await between(() => wrong('enqueue', 'quick#nothing', '--schedule-in', '1h', ...more));
        assert.equal(made.status, 0, made.stderr);
        assert.ok(isWithin(Number(await redis.client.zscore('rq:scheduled:default', made.stdout.trim())), 3600), more.join());
      }
      const at = new Date((Math.ceil(await redisNow()) + 5400) * 1000).toISOString().slice(0, 19);
      const { stdout } = await wrong('enqueue', 'quick#nothing', '--schedule-at', `${at}Z`);
      assert.equal(Number(await redis.client.zscore('rq:scheduled:default', stdout.trim())), secondsOf(`${at}Z`));
    });

    await t.test('a job’s ttl is over when it is over; what it leaves is kept as long as it should be', async () => {
      await wrong('enqueue', 'quick#nothing', '--job-id', 'kept', '--ttl', '1h', '--result-ttl', '1000');
      const { made, isWithin } = await between(() => wrong('worker', '--burst', '--path', taskFolder));
      assert.equal(made.status, 0, made.stderr);
      const status = await json('status', 'kept');
      assert.equal(status.state, 'finished');
      for (const name of ['started_at', 'ended_at']) assert.ok(isWithin(secondsOf(status[name])), `${name} ${status[name]}`);
      assert.ok(status.duration_seconds >= 0 && status.duration_seconds < 3600);
      const ttl = await redis.client.ttl('rq:job:kept');
      assert.ok(ttl > 500 && ttl <= 1000, `${ttl}`);
      assert.ok(isWithin(Number(await redis.client.zscore('rq:finished:default', 'kept')), 1000));
    });

    await t.test('a retry waits as long as it says, a timeout is as long as it is', async () => {
      await wrong('enqueue', 'quick#fail', '--job-id', 'again', '--retry-max', '1', '--retry-interval', '3600');
      await wrong('enqueue', 'slow#forever', '--job-id', 'long', '--timeout', '1');
      const { made, isWithin } = await between(() => wrong('worker', '--burst', '--path', taskFolder));
      assert.equal(made.status, 1, made.stderr);
      assert.ok(isWithin(Number(await redis.client.zscore('rq:scheduled:default', 'again')), 3600));
      const { error, duration_seconds: took } = await json('status', 'long');
      assert.match(error, /longer than its timeout of 1 s/);
      assert.ok(took >= 1 && took < 3600, `${took}`);
    });

    await t.test('it takes no job from a worker that is alive, and its own lease and ages are right', async () => {
      const gate = stage.gate();
      const id = await put('slow#gate', { args: [gate.file], queue: 'theirs' });
      const theirs = await stage.start('theirs', '--burst', '--name', 'theirs');
      await stage.untilState(id, 'started');
      const own = await put('slow#gate', { args: [gate.file], queue: 'own' });
      const { made, isWithin } = await between(async () => {
        const worker = startRqt(['worker', '--burst', 'own', 'theirs', '--name', 'own', '--path', taskFolder], { env });
        await stage.untilState(own, 'started');
        return worker;
      });
      assert.ok(isWithin(secondsOf((await json('status', own)).lease_until), 60));
      const now = await redisNow();
      const info = await json('info');
      for (const worker of info.workers) {
        assert.ok(worker.current_job.running_seconds < 600 && worker.uptime_seconds < 600, JSON.stringify(worker));
        assert.ok(secondsOf(worker.last_heartbeat_at) > now - 600, JSON.stringify(worker));
      }
      assert.equal(info.workers.length, 2);
      const shown = (await wrong('status', own)).stdout + (await wrong('info')).stdout + (await wrong('jobs')).stdout;
      assert.doesNotMatch(shown, /\b\d+ (h|days?)\b/);
      gate.open();
      assert.deepEqual([(await theirs.ended).status, (await made.ended).status], [0, 0]);
      assert.doesNotMatch(made.printed.stderr + theirs.printed.stderr, /put back|lease/);
      assert.equal((await stage.status(id)).attempt_count, 1);
    });

    await t.test('a dead worker’s job waits for its lease, not for the clock', async () => {
      const id = await put('quick#nothing', { id: 'leased' });
      // As a worker of another machine leaves it that was killed a moment ago.
      const now = await redisNow();
      await redis.client
        .multi()
        .lrem('rq:queue:default', 0, id)
        .hset(`rq:job:${id}`, { status: 'started', worker_name: 'elsewhere', started_at: new Date(now * 1000).toISOString() })
        .zadd('rq:wip:default', now + 600, `${id}:abc`)
        .exec();
      await wrong('worker', '--burst', '--path', taskFolder);
      assert.deepEqual(await stage.places(id), ['wip:default']);
      await redis.client.zadd('rq:wip:default', now - 1, `${id}:abc`);
      await wrong('worker', '--burst', '--path', taskFolder);
      assert.equal((await stage.status(id)).state, 'finished');
    });

    await t.test('slots of rqt cron come when they come', async () => {
      await redis.client.flushall();
      const { next_slot: slot } = await json('cron', 'add', 'hourly', '0 * * * *', 'quick#nothing');
      const next = secondsOf(slot) - (await redisNow());
      assert.ok(next > -600 && next <= 3600, `${slot}`);
      await wrong('cron', 'add', 'secondly', '* * * * * *', 'quick#nothing');
      const worker = startRqt(['worker', '--path', taskFolder, '--max-jobs', '2'], { env });
      assert.equal((await worker.ended).status, 0, worker.printed.stderr);
      for (const key of await redis.client.keys('rq:job:*'))
        assert.ok(Math.abs(secondsOf(await redis.client.hget(key, 'enqueued_at')) - (await redisNow())) < 600);
    });
  });
}

test('a clock that is set back and forth by hours while a job runs changes nothing', { skip: noFaketime }, async () => {
  const clock = settableClock(stage.path('clock'));
  const env = { ...stage.env, ...clock.env };
  const gate = stage.gate();
  const report = stage.path('report.jsonl');
  const id = await put('slow#gate', { args: [gate.file] });
  const args = ['worker', '--path', taskFolder, '--report', report, '--max-idle-time', '2', '--maintenance-interval', '1'];
  const worker = startRqt(args, { env });
  const waiting = startRqt(['wait', id], { env });
  await stage.untilState(id, 'started');
  for (const hours of [+9, -9, 0, -9]) {
    clock.set(hours);
    const child = await put('quick#nothing', { queue: 'beside' });
    assert.equal((await rqt(['worker', '--burst', 'beside', '--path', taskFolder], { env })).status, 0);
    assert.equal((await stage.status(child)).state, 'finished');
  }
  assert.equal((await stage.status(id)).state, 'started');
  gate.open();
  assert.equal((await waiting.ended).status, 0, waiting.printed.stderr);
  const ran = await worker.ended;
  assert.equal(ran.status, 0, ran.stderr);
  assert.equal(told(ran, /lease|put back/).length, 0);
  const lines = linesOf(readFileSync(report, 'utf8')).map(line => JSON.parse(line));
  const took = lines.find(line => line.kind === 'execution');
  assert.ok(took.duration_seconds >= 0 && took.duration_seconds < 3600, JSON.stringify(took));
  assert.ok(lines.at(-1).total_seconds > 0 && lines.at(-1).total_seconds < 3600, JSON.stringify(lines.at(-1)));
});
