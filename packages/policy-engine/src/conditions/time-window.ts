import {
  inside,
  type Place,
  readList,
  readObject,
  readText,
  readWord,
  refuseUnknownFields,
  unsound,
} from '../place.ts';
import { weekdays } from '../rule-document.ts';
import type { ReadCondition } from './condition.ts';
import { localClock } from './local-clock.ts';

const wallTime = /^(?:[01]\d|2[0-3]):[0-5]\d$/;

const readMinute = (value: unknown, place: Place): number => {
  const text = readText(value, place);
  if (!wallTime.test(text)) throw unsound(place, 'must be a time of day from 00:00 to 23:59');
  return Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
};

const readDays = (value: unknown, place: Place): ReadonlySet<number> =>
  new Set(
    value === undefined
      ? weekdays.keys()
      : readList(value, weekdays.length, place).map((entry, index) =>
          weekdays.indexOf(readWord(entry, weekdays, inside(place, index))),
        ),
  );

/**
 * Holds while the local time lies in [start, end) on a listed day. A window over midnight belongs to the day it opened
 * on; equal times mean the whole day.
 */
export const readTimeWindow: ReadCondition = (value, place) => {
  const window = readObject(value, place);
  refuseUnknownFields(window, ['days', 'start', 'end', 'timezone'], place);
  const days = readDays(window.days, inside(place, 'days'));
  const start = readMinute(window.start, inside(place, 'start'));
  const end = readMinute(window.end, inside(place, 'end'));
  const zonePlace = inside(place, 'timezone');
  const clock = localClock(window.timezone === undefined ? 'UTC' : readText(window.timezone, zonePlace));
  if (clock === undefined) throw unsound(zonePlace, 'is not the name of a time zone');

  const isOpen = (weekday: number, minute: number): boolean => {
    if (start === end) return days.has(weekday);
    if (start < end) return days.has(weekday) && start <= minute && minute < end;
    const yesterday = (weekday + 6) % 7;
    return (days.has(weekday) && minute >= start) || (days.has(yesterday) && minute < end);
  };
  return {
    name: 'time_window',
    code: 'time_window_violation',
    mfaMaxAge: null,
    isAboutRequest: false,
    holds: ({ nowMs }) => {
      const { weekday, minute } = clock(nowMs);
      return isOpen(weekday, minute);
    },
  };
};
