/**
 * What the scripts share. They see rows as `rows.ts` writes them. Names of other rows are made of the key that was declared, so a prefix which
 * the client puts before all keys is in them too. Comments are here, since everything between the quotes is sent.
 *
 * - `keep`: an index lives as long as its longest row.
 * - `begin`: removes nothing, but a script that has begun to write may go on where the server is full: who is here must be able to stay and to leave. It deletes no
 *   row to write it again: while a slot moves, what is not there cannot be written, and the row would be lost.
 * - `living`: the members that live, in their order; the others leave the index: expired, deleted, or dropped by the engine to make room.
 */
const SHARED = `
local call = redis.call
local function at(expires)
  return string.format('%.0f', math.max(1, tonumber(expires, 36)))
end
local function put(key, value, expires)
  call('SET', key, value, 'PXAT', at(expires))
end
local function later(a, b)
  return tonumber(a, 36) >= tonumber(b, 36) and a or b
end
local function keep(index, expires)
  if call('PTTL', index) == -1 then call('PEXPIREAT', index, at(expires)) else call('PEXPIREAT', index, at(expires), 'GT') end
end
local function live(key)
  return string.match(call('GET', key) or '', '^([mg])(%w+) (%w+) (%w+) (%w+) (.*)$')
end
local function begin(index)
  call('ZREM', index, '')
end
local function bury(key, expires, content, revision, created, seen)
  put(key, 'e' .. revision .. ' ' .. created .. ' ' .. seen .. ' ' .. expires .. ' ' .. content, expires)
end
local function living(index, base, nonces)
  local found = {}
  for _, nonce in ipairs(nonces) do
    if call('GETRANGE', base .. nonce, 0, 0) == 'm' then found[#found + 1] = nonce else call('ZREM', index, nonce) end
  end
  return found
end
`;

/**
 * KEYS: row, index, mark. ARGV: value, expires, nonce, created, began, max, whenFull, stone's expires and content, replaced nonce, its stone's expires and content.
 *
 * Without a limit four members are looked at for the one that comes: of a subject who is never without a session, a quarter of the index at most is dead.
 */
const create = `
if call('EXISTS', KEYS[1]) == 1 then return {'exists'} end
local mark = call('GET', KEYS[3])
if mark and tonumber(ARGV[5]) <= tonumber(mark) then return {'revoked'} end
local base = string.sub(KEYS[1], 1, -1 - #ARGV[3])
local answer = {'created'}
if ARGV[6] == '' then
  living(KEYS[2], base, call('ZRANDMEMBER', KEYS[2], 4))
else
  local members = {}
  for _, nonce in ipairs(living(KEYS[2], base, call('ZRANGE', KEYS[2], 0, -1))) do
    if nonce ~= ARGV[10] then members[#members + 1] = nonce end
  end
  local excess = #members + 1 - tonumber(ARGV[6])
  if excess > 0 and ARGV[7] == 'reject' then return {'full'} end
  for i = 1, math.min(excess, #members) do
    local _, revision, created, seen = live(base .. members[i])
    call('ZREM', KEYS[2], members[i])
    bury(base .. members[i], ARGV[8], ARGV[9], revision, created, seen)
    answer[#answer + 1] = members[i]
  end
end
if ARGV[10] ~= '' then
  local flag, revision, created, seen = live(base .. ARGV[10])
  if flag then
    call('ZREM', KEYS[2], ARGV[10])
    bury(base .. ARGV[10], ARGV[11], ARGV[12], revision, created, seen)
  end
end
put(KEYS[1], ARGV[1], ARGV[2])
call('ZADD', KEYS[2], ARGV[4], ARGV[3])
keep(KEYS[2], ARGV[2])
return answer
`;

/**
 * KEYS: row, index. ARGV: expected revision, revision, seen, expires, content.
 *
 * On a server that is full what a step of the credential or an elevation adds passes, an application that stores more and more does not.
 */
const update = `
local flag, revision, created, seen, expires, content = live(KEYS[1])
if not flag then return 'missing' end
if revision ~= ARGV[1] then return 'conflict' end
if #ARGV[5] <= #content + 512 then begin(KEYS[2]) end
expires = later(expires, ARGV[4])
put(KEYS[1], flag .. ARGV[2] .. ' ' .. created .. ' ' .. later(seen, ARGV[3]) .. ' ' .. expires .. ' ' .. ARGV[5], expires)
if flag == 'm' then keep(KEYS[2], expires) end
return 'updated'
`;

/** KEYS: row, index. ARGV: seen, expires. */
const touch = `
local flag, revision, created, seen, expires, content = live(KEYS[1])
if not flag then return 'missing' end
begin(KEYS[2])
expires = later(expires, ARGV[2])
put(KEYS[1], flag .. revision .. ' ' .. created .. ' ' .. later(seen, ARGV[1]) .. ' ' .. expires .. ' ' .. content, expires)
if flag == 'm' then keep(KEYS[2], expires) end
return 'touched'
`;

/** KEYS: row, index. ARGV: nonce, stone's expires and content, revision or nothing. */
const end = `
local flag, revision, created, seen = live(KEYS[1])
if not flag then return 'missing' end
if ARGV[4] ~= '' and ARGV[4] ~= revision then return 'conflict' end
call('ZREM', KEYS[2], ARGV[1])
bury(KEYS[1], ARGV[2], ARGV[3], revision, created, seen)
return 'ended'
`;

/** KEYS: what all rows begin with, index. ARGV: how many, and the place after which they begin (created and nonce) or nothing. Answers nonces, each with its row, the newest first. */
const list = `
local function before(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x < y end
  end
  return #a < #b
end
local rows, dead, offset, wanted = {}, {}, 0, tonumber(ARGV[1]) * 2
while #rows < wanted do
  local page = call('ZREVRANGEBYSCORE', KEYS[2], ARGV[2], '-inf', 'LIMIT', offset, 100)
  if #page == 0 then break end
  offset = offset + #page
  local keys = {}
  for i, nonce in ipairs(page) do keys[i] = KEYS[1] .. nonce end
  for i, value in ipairs(call('MGET', unpack(keys))) do
    local created = value and string.match(value, '^m%w+ (%w+) ')
    if not created then
      dead[#dead + 1] = page[i]
    elseif #rows < wanted and (tonumber(created, 36) ~= tonumber(ARGV[2]) or before(page[i], ARGV[3])) then
      rows[#rows + 1] = page[i]
      rows[#rows + 1] = value
    end
  end
end
for _, nonce in ipairs(dead) do call('ZREM', KEYS[2], nonce) end
return rows
`;

/** KEYS: what all rows begin with, index, mark. ARGV: stone's expires and content, nonce to keep, how long the mark stays. */
const endAll = `
local ended = {}
begin(KEYS[2])
for _, nonce in ipairs(call('ZRANGE', KEYS[2], 0, -1)) do
  if nonce ~= ARGV[3] then
    local flag, revision, created, seen = live(KEYS[1] .. nonce)
    if flag == 'm' then
      bury(KEYS[1] .. nonce, ARGV[1], ARGV[2], revision, created, seen)
      ended[#ended + 1] = nonce
    end
    call('ZREM', KEYS[2], nonce)
  end
end
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local mark = string.format('%.0f', math.max(now, tonumber(call('GET', KEYS[3]) or 0)))
call('SET', KEYS[3], mark, 'PX', ARGV[4])
return {mark, ended}
`;

/** A script, and the name under which the engine keeps it. */
export interface Script {
  readonly text: string;
  /** SHA-1 of the text in hexadecimal. */
  name(): Promise<string>;
}

function script(body: string): Script {
  const text = SHARED + body;
  let name: Promise<string> | undefined;
  return { text, name: () => (name ??= sha1(text)) };
}

async function sha1(text: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-1", new TextEncoder().encode(text)));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export const scripts = { create: script(create), update: script(update), touch: script(touch), end: script(end), list: script(list), endAll: script(endAll) };
