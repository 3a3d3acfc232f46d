-- wrk's script: POSTs with a fresh idempotency key and another employee each time.
-- Arguments: path, bearer key, employees, notifications a POST (0: not in a list), run's name.
local counter, threads = 0, 0
local path, key, employees, batch, run

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(arguments)
  path, key, employees, batch, run =
    arguments[1], arguments[2], tonumber(arguments[3]), tonumber(arguments[4]), arguments[5]
  math.randomseed(number + 1)
end

local function notification()
  return string.format(
    '{"category":"news","kind":"notice","reference":"r-%s-%d-%d","title":"Canteen closed on Friday",'
      .. '"summary":"The canteen of building 4 stays closed on Friday; the one in 7 is open.",'
      .. '"audience":{"any":[{"employees":["E%07d"]}]}}',
    run, number, counter, math.random(0, employees - 1))
end

function request()
  counter = counter + 1
  local body
  if batch == 0 then
    body = notification()
  else
    local all = {}
    for i = 1, batch do all[i] = notification() end
    body = '{"notifications":[' .. table.concat(all, ",") .. "]}"
  end
  return wrk.format("POST", path, {
    ["Authorization"] = "Bearer " .. key,
    ["Content-Type"] = "application/json",
    ["Idempotency-Key"] = string.format("%s-%d-%d", run, number, counter),
  }, body)
end

function done(summary, latency)
  io.write(string.format(
    '\n{"requests":%d,"seconds":%.6f,"refused":%d,"lost":%d,"p50_ms":%.3f,"p95_ms":%.3f,"p99_ms":%.3f}\n',
    summary.requests, summary.duration / 1e6, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(95) / 1000, latency:percentile(99) / 1000))
end
