export { chooseClock } from './choose-clock.ts';
export type { Clock, OpenClock } from './clock.ts';
export { type Pass, type Worker, workOff } from './work-off.ts';
