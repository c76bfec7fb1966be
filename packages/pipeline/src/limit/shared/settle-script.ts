/**
 * The ledger's side of a round, run by Redis in one piece and on Redis's own clock. KEYS: the buckets. ARGV: a name for
 * lives that begin now, then of each bucket capacity, spent, level and life (see ledger.ts). A bucket is one text, "level
 * milliseconds life", and is forgotten a minute after it is full again. The debt of a bucket is one capacity at most, so
 * that nobody waits longer than two minutes whatever happened.
 */
export const settleScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local answers = {}
for index, key in ipairs(KEYS) do
  local at = (index - 1) * 4 + 1
  local capacity, spent = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local level, life = tonumber(ARGV[at + 3]), ARGV[at + 4]
  local kept = redis.call('GET', key)
  if kept then
    local keptLevel, keptAt, keptLife = string.match(kept, '^(%S+) (%S+) (%S+)$')
    local refilled = tonumber(keptLevel) + math.max(0, now - tonumber(keptAt)) * capacity / 60000
    local entered = math.min(capacity, refilled) - spent
    level = keptLife == life and entered or math.min(entered, level)
    life = keptLife
  else
    life = ARGV[1]
  end
  level = math.max(-capacity, math.min(capacity, level))
  local fullInMs = math.ceil((capacity - level) * 60000 / capacity)
  redis.call('SET', key, string.format('%.6f %.0f %s', level, now, life), 'PX', fullInMs + 60000)
  answers[#answers + 1] = string.format('%.6f', level)
  answers[#answers + 1] = life
end
return answers
`;
