/**
 * Data in, text out. A command that must start quickly imports the one file it needs (`view/info-json.ts`, `view/log.ts`),
 * or this one with `import()`: only table.ts loads cli-table3, and only look.ts loads chalk.
 */
export { formatBytes } from './bytes.ts';
export { formatCount, plural } from './count.ts';
export { formatAge, formatCoarse, formatDuration } from './duration.ts';
export { type InfoOptions, renderInfo } from './info.ts';
export { infoDocument } from './info-json.ts';
export { renderInfoRaw } from './info-raw.ts';
export { formatLog, type LogEvent, type LogFormat, type LogLevel, levelOf, type QuitReason } from './log.ts';
export { type Look, type LookStream, lookOf } from './look.ts';
export { type Progress, renderProgress } from './progress.ts';
export { safeJson, safeLine, safeLines } from './safe.ts';
export { renderStatus } from './status.ts';
export { statusDocument } from './status-json.ts';
export { type Cell, type Column, renderTable, type TableData } from './table.ts';
export { formatClock, formatTime, formatZone, isoTime } from './time.ts';
