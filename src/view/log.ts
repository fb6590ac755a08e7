import { type LogEvent, levelOf } from '../log-event.ts';
import { toldText } from './log-text.ts';
import type { Look } from './look.ts';
import { safeJson, safeLine, safeLines } from './safe.ts';
import { formatClock, isoTime, toSeconds } from './time.ts';

export { type LogEvent, type LogLevel, levelOf } from '../log-event.ts';

/** `--log-format`. */
export type LogFormat = 'text' | 'json';

/**
 * An event as the worker's log has it, without a last line feed. Text: RQ's words with the time in front, a job's output
 * and stack traces on lines of their own. JSON: one object on one line, `{version, kind, time, level, event, …}` in snake case,
 * durations in seconds.
 */
export function formatLog(format: LogFormat, event: LogEvent, look: Look): string {
  return format === 'json' ? safeJson(documentOf(event)) : textOf(event, look);
}

const TRACE_INDENT = '    ';
/** An id that rqt or RQ made up: its beginning tells it from others. One that somebody chose says what it is about, at its end too. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const SHORT_ID_LENGTH = 8;

function textOf(event: LogEvent, look: Look): string {
  const time = look.colour.dim(formatClock(event.at, look));
  if (event.event === 'output') return outputText(event, time, look);
  const line = `${time} ${toldText(event, look)}`;
  const trace = event.event === 'job_failed' ? traceLines(event, look) : [];
  return [line, ...trace.map(traceLine => TRACE_INDENT + traceLine)].join('\n');
}

/** A JavaScript stack begins with the reason, which the line above has told. */
function traceLines({ reason, trace }: Extract<LogEvent, { event: 'job_failed' }>, look: Look): string[] {
  const rest = trace.startsWith(`${reason}\n`) ? trace.slice(reason.length + 1) : trace;
  return safeLines(rest, look.colour.level > 0);
}

/** Each line a job printed, marked with the job: `a1b2c3d4 | text`, and `a1b2c3d4 ! text` for stderr. */
function outputText({ jobId, stream, text }: Extract<LogEvent, { event: 'output' }>, time: string, look: Look): string {
  const id = UUID.test(jobId) ? jobId.slice(0, SHORT_ID_LENGTH) : safeLine(jobId);
  const mark = stream === 'stdout' ? look.colour.dim(`${id} |`) : look.colour.yellow(`${id} !`);
  return safeLines(text, look.colour.level > 0)
    .map(line => `${time} ${mark} ${line}`)
    .join('\n');
}

function documentOf(event: LogEvent): Record<string, unknown> {
  const { at, event: name, ...rest } = event;
  const told = Object.entries(rest).map(([key, value]) => jsonField(key, value));
  return { version: 1, kind: 'log_event', time: isoTime(at), level: levelOf(event), event: name, ...Object.fromEntries(told) };
}

/** `durationMs: 1300` becomes `duration_seconds: 1.3`, `jobId` becomes `job_id`; `version` is that of the document. */
function jsonField(key: string, value: unknown): [string, unknown] {
  const snake = key.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);
  if (!snake.endsWith('_ms')) return [snake === 'version' ? 'rqt_version' : snake, value];
  return [snake.replace(/_ms$/, '_seconds'), typeof value === 'number' ? toSeconds(value) : null];
}
