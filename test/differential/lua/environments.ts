/**
 * A program that asks for the environments of functions by their levels, through everything that calls
 * functions, and prints the tags of what it finds.
 */
export const ENVIRONMENTS = `
local function name(e) return type(e) == 'table' and (rawget(e, 'tag') or '?') or tostring(e) end
G = _G
-- A function whose globals have a tag.
local function mk(tag, f) return setfenv(f, setmetatable({tag = tag}, {__index = G})) end

-- Calls
local c = mk('c', function(n) local e = getfenv(n) return e end)
local b = mk('b', function(n) local e = c(n) return e end)
local a = mk('a', function(n) local e = b(n) return e end)
for i = 0, 3 do print('calls', i, name(a(i))) end

-- Tail calls
local t1 = mk('t1', function(n) return c(n) end)
local t2 = mk('t2', function(n) return t1(n) end)
local once = mk('once', function(n) local e = t1(n) return e end)
local twice = mk('twice', function(n) local e = t2(n) return e end)
for i = 0, 5 do
  local ok, e = pcall(once, i) print('tail', i, ok, name(e))
  ok, e = pcall(twice, i) print('tails', i, ok, name(e))
end
local toC = mk('to c', function(n) return getfenv(n) end)
print('to c', name(toC(1)), name(mk('caller', function() local e = toC(2) return e end)()))
local viaTailPcall = mk('tail pcall', function() return pcall(c, 3) end)
print(name(select(2, viaTailPcall())))
local deepTail deepTail = mk('deep tail', function(n, l)
  if n == 0 then local e = getfenv(l) return e end
  return deepTail(n - 1, l)
end)
local overTail = mk('over tail', function(n, l) local e = deepTail(n, l) return e end)
for _, n in ipairs {1, 50, 100, 1000} do
  print('deep tail', n, pcall(overTail, n, n + 1))
  print(name(overTail(n, n + 2)))
end

-- Functions of libraries
local r
local viaPcall = mk('pcall', function(n) local _, e = pcall(c, n) return e end)
local viaSort = mk('sort', function(n)
  table.sort({3, 2, 1}, mk('order', function(x, y) r = getfenv(n) return x < y end)) return r
end)
local viaGsub = mk('gsub', function(n)
  string.gsub('abc', '.', mk('replace', function() local e = getfenv(n) r = e end)) return r
end)
local viaEach = mk('each', function(n)
  table.foreach({1}, mk('item', function() r = getfenv(n) end)) return r
end)
for i = 0, 3 do
  print('libraries', i, name(viaPcall(i)), name(viaSort(i)), name(viaGsub(i)), name(viaEach(i)))
end

-- Metamethods
local level
local mt = {
  __index = mk('index', function(t, n) local e = getfenv(n) return e end),
  __call = mk('call', function(t, n) local e = getfenv(n) return e end),
  __add = mk('add', function(t, n) local e = getfenv(n) return e end),
  __concat = mk('concat', function(t, n) local e = getfenv(n) return e end),
  __lt = mk('lt', function() r = getfenv(level) return false end),
  __tostring = mk('tostring', function() r = getfenv(level) return 'x' end),
}
local x, y = setmetatable({}, mt), setmetatable({}, mt)
local through = {
  mk('via index', function(n) local e = x[n] return e end),
  mk('via call', function(n) local e = x(n) return e end),
  mk('via add', function(n) local e = x + n return e end),
  mk('via concat', function(n) local e = x .. n return e end),
  mk('via lt', function() local _ = x < y return r end),
  mk('via sort', function() table.sort {x, y} return r end),
  mk('via tostring', function() local _ = tostring(x) return r end),
}
for i, f in ipairs(through) do
  for l = 1, 3 do level = l print('meta', i, l, name(f(l))) end
end
local tailCalled = mk('tail called', function(n) return x(n) end)
local over = mk('over', function(n) local e = tailCalled(n) return e end)
for i = 1, 3 do local ok, e = pcall(over, i) print('tail call of a table', i, ok, name(e)) end
local step = mk('step', function(n, i) local e = getfenv(n) if i == 0 then return 1, e end end)
local viaFor = mk('for', function(n) local found for _, e in step, n, 0 do found = e end return found end)
for i = 1, 2 do print('for', i, name(viaFor(i))) end

-- Coroutines
local body = mk('body', function(n) local e = getfenv(n) coroutine.yield(e) e = c(n) return e end)
for i = 0, 3 do
  local co = coroutine.create(body)
  local ok, e = coroutine.resume(co, i) print('coroutine', i, ok, name(e))
  ok, e = coroutine.resume(co) print(ok, name(e))
end
local w = coroutine.wrap(mk('wrapped', function() while true do coroutine.yield((getfenv(1))) end end))
print(name(w()), name(w()), name(c(1)))

-- Errors that were caught
local bad = mk('bad', function() local none = nil return none.y end)
print(mk('behind', function() pcall(bad) local e = c(2) return name(getfenv(1)), name(e) end)())
print(xpcall(mk('fails', function() error('x') end), mk('handler', function()
  return name(getfenv(1)) .. ' ' .. name(getfenv(3))
end)))

-- setfenv
local function other(n) return setmetatable({tag = 'new ' .. n}, {__index = G}) end
local set = mk('set', function(n) setfenv(n, other(n)) end)
print(mk('host', function() set(2) return tag end)())
print(mk('host', function() mk('inner', function() set(3) end)() return tag end)())
print(mk('self', function() local f = setfenv(1, other(1)) return type(f), tag end)())
print(mk('outer', function()
  local before = function() return tag end
  set(2)
  local after = function() return tag end
  return before(), after(), tag
end)())
print(setfenv(c, getfenv(c)) == c)

-- Arguments
for _, arg in ipairs {-1, 100, {}, 'x'} do
  print(pcall(getfenv, arg)) print(pcall(setfenv, arg, {}))
end
print(pcall(setfenv, print, {})) print(pcall(setfenv, 1)) print(pcall(setfenv))
print(pcall(function() local e = getfenv(50) end))
print(pcall(function() local e = getfenv(-3) end))
print(pcall(function() setfenv(0.5, {}) end))
print(pcall(function() setfenv(1, nil) end))
print(name(getfenv(print)) == name(getfenv(0)), name(c('1')), name(c(1.9)))

-- Chunks that are loaded
local loaded = loadstring('local n = ... local e = getfenv(n) return e')
setfenv(loaded, setmetatable({tag = 'loaded'}, {__index = G}))
for i = 1, 2 do print(name(mk('loader', function(n) local e = loaded(n) return e end)(i))) end
local chunk = loadstring('return function() return x end, function() return x end')
local f, g = chunk()
setfenv(f, {x = 'of f'}) setfenv(g, {x = 'of g'})
setfenv(chunk, {x = 'of the chunk'})
print((chunk())(), f(), g())

-- Deep calls
local deep deep = mk('deep', function(n, l)
  local e if n == 0 then e = getfenv(l) else e = deep(n - 1, l) end
  return e
end)
local overDeep = mk('over deep', function(n, l) local e = deep(n, l) return e end)
for _, n in ipairs {1, 50, 63, 64, 65, 100, 150} do
  print(n, name(overDeep(n, n + 1)), name(overDeep(n, n + 2)))
end

-- Threads
local thread = coroutine.create(function()
  setfenv(0, {tag = 'thread'})
  coroutine.yield(name(getfenv(0)))
  return name(getfenv(0)), name(getfenv(loadstring('return 1')))
end)
print(coroutine.resume(thread)) print(name(getfenv(0)))
print(coroutine.resume(thread)) print(name(getfenv(0)))
local before = getfenv(0)
setfenv(0, {tag = 'main thread'})
print(name(getfenv(0)), name(getfenv(print)), coroutine.wrap(function() return name(getfenv(0)) end)())
setfenv(0, before)
`;
