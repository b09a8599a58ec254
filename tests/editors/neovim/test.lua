-- Runs inside a real Neovim, without a user's own files: the plugin, its commands, and what Neovim does with the server.
--
-- FOLDER is a copy of tests/editors/files, SERVER the program. The last line is OK, or nothing was shown.

local folder, server = vim.env.FOLDER, vim.env.SERVER
local PATIENCE = tonumber(vim.env.PATIENCE or 150000)

-- Apart from Neovim's own messages.
local told = assert(io.open(vim.env.TOLD, "w"))

local function say(...)
  told:write(table.concat({ ... }, " ") .. "\n")
  told:flush()
end

local function die(message)
  io.stderr:write("FAILED: " .. tostring(message) .. "\n" .. debug.traceback() .. "\n")
  vim.cmd("cquit 1")
end

-- A prompt at the end of the input would end Neovim without a word.
vim.ui.select = function(items)
  die("a choice of " .. #items)
end
vim.ui.input = function()
  die("a prompt")
end

local function wait(what, condition, told)
  local value
  local ok = vim.wait(PATIENCE, function()
    value = condition()
    return value
  end, 20)
  if not ok then
    die("waited in vain: " .. what .. (told and ", there is " .. told() or ""))
  end
  return value
end

local function equal(found, wanted, what)
  if not vim.deep_equal(found, wanted) then
    die(what .. ": " .. vim.inspect(found) .. ", not " .. vim.inspect(wanted))
  end
end

local function read(name)
  return table.concat(vim.fn.readfile(folder .. "/" .. name), "\n")
end

local function shown()
  return table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n")
end

--- The findings of the current buffer as "DDB101@9", sorted.
local function findings()
  local found = {}
  for _, item in ipairs(vim.diagnostic.get(0)) do
    local code = item.code or item.user_data.lsp.code
    table.insert(found, code .. "@" .. item.lnum + 1)
  end
  table.sort(found)
  return table.concat(found, " ")
end

local function has(wanted)
  wait("findings " .. wanted, function()
    return findings() == wanted
  end, findings)
end

local function run()
  local version = vim.version()
  say(("neovim %d.%d.%d"):format(version.major, version.minor, version.patch))
  local dynaleak = require("dynaleak")
  if vim.lsp.enable then
    -- As the help says for those who have it.
    vim.lsp.config("dynaleak", { cmd = { server, "server" } })
    vim.lsp.enable("dynaleak")
  else
    dynaleak.setup({ cmd = { server, "server" } })
  end

  vim.cmd("edit " .. vim.fn.fnameescape(folder .. "/main.py"))
  local client = wait("a client", function()
    local client = dynaleak.client()
    return client and client.server_capabilities and client
  end)
  equal(client.config.root_dir, folder, "the root")
  has("DDB101@9")
  say("attached; findings across files:", findings())

  vim.api.nvim_win_set_cursor(0, { 9, 8 })
  local hover
  vim.lsp.buf_request(0, "textDocument/hover", vim.lsp.util.make_position_params(0, client.offset_encoding), function(_, result)
    hover = result and result.contents.value
  end)
  wait("hover", function()
    return hover
  end)
  if not hover:find("# DDB101: process-lifetime-accumulator", 1, true) then
    die("hover: " .. hover)
  end
  say("hover shows the rule's page")

  if vim.fn.has("nvim-0.8") == 1 then
    -- Neovim's own code action, as a key would call it; 0.7 asks which in a way of its own.
    vim.lsp.buf.code_action({
      context = { only = { "quickfix" }, diagnostics = {} },
      filter = function(action)
        return action.title:find("Bound `RESULTS` with deque", 1, true) ~= nil
      end,
      apply = true,
    })
    wait("the rewrite", function()
      return shown():find("RESULTS = deque(maxlen=1000)", 1, true)
    end)
    has("")
    vim.cmd("write")
    if not read("main.py"):find("from collections import deque", 1, true) then
      die("on disk: " .. read("main.py"))
    end
    say("a code action is applied and saved")
    vim.cmd("undo")
    has("DDB101@9")
    vim.cmd("write")
  end

  vim.api.nvim_win_set_cursor(0, { 9, 8 })
  vim.cmd("Dynaleak why")
  wait("the trail", function()
    return #vim.fn.getloclist(0) > 0
  end)
  local steps = vim.fn.getloclist(0)
  local words = vim.tbl_map(function(step)
    return vim.fn.fnamemodify(vim.fn.bufname(step.bufnr), ":t") .. ":" .. step.lnum .. " " .. step.text
  end, steps)
  if not words[1]:find("^store.py:7 comes from: ") or not words[#words]:find("^main.py:5 the holder: ") then
    die("why: " .. vim.inspect(words))
  end
  say("why: " .. #words .. " steps in the location list")
  vim.cmd("lclose")

  local opened
  vim.ui.open = function(file)
    opened = file
  end
  vim.api.nvim_win_set_cursor(0, { 9, 8 })
  vim.cmd("Dynaleak! why")
  wait("the picture", function()
    return opened
  end)
  if not table.concat(vim.fn.readfile(opened)):find("^<svg .*</svg>$") then
    die("no picture in " .. opened)
  end
  say("and as a picture")

  vim.cmd("Dynaleak explain")
  wait("the page", function()
    return shown():find("^# DDB101: process%-lifetime%-accumulator")
  end)
  equal(vim.bo.filetype, "markdown", "its filetype")
  vim.cmd("bwipeout!")
  say("explains the rule")

  vim.cmd("edit " .. vim.fn.fnameescape(folder .. "/pages.py"))
  has("DDB304@13 DDB304@7")
  vim.cmd("Dynaleak fixall")
  wait("all fixed", function()
    return select(2, shown():gsub("contextlib%.closing%(iter%(", "")) == 2
  end, shown)
  has("")
  vim.cmd("undo")
  has("DDB304@13 DDB304@7")
  say("fixes all, and undo")

  vim.cmd("Dynaleak check")
  local list = vim.tbl_map(function(item)
    return vim.fn.fnamemodify(vim.fn.bufname(item.bufnr), ":t") .. ":" .. item.lnum
  end, vim.fn.getqflist())
  table.sort(list)
  equal(list, { "main.py:9", "pages.py:13", "pages.py:7" }, "the quickfix list")
  vim.cmd("cclose")
  say("checks the root into the quickfix list")

  vim.cmd("Dynaleak debug")
  wait("debug information", function()
    return shown():find(folder, 1, true)
  end)
  vim.cmd("bwipeout!")

  local before = dynaleak.client().id
  vim.cmd("Dynaleak restart")
  wait("another client", function()
    local now = dynaleak.client()
    return now and now.id ~= before
  end)
  vim.api.nvim_buf_set_lines(0, 0, 0, false, { "# one more line" })
  has("DDB304@14 DDB304@8")
  say("restarts")
  vim.cmd("undo")

  vim.cmd("checkhealth dynaleak")
  local health = wait("health", function()
    return shown():find("it serves %d buffers") and shown()
  end)
  if health:find("ERROR") or health:find("WARNING") or not health:find("dynaleak %d+%.%d+") then
    die("health: " .. health)
  end
  say("is healthy")

  vim.cmd("helptags " .. vim.fn.fnameescape(vim.env.PLUGIN .. "/doc"))
  for _, tag in ipairs({ "dynaleak", ":Dynaleak", "dynaleak-setup" }) do
    vim.cmd("help " .. tag)
    equal(vim.fn.expand("%:t"), "dynaleak.txt", "help " .. tag)
  end
  say("has its help")

  if vim.fn.has("nvim-0.11") == 1 then
    vim.cmd("edit " .. vim.fn.fnameescape(folder .. "/other.toml"))
    vim.fn.writefile({ "[tool.dynaleak]", "nonsense = 1" }, folder .. "/pyproject.toml")
    vim.cmd("edit " .. vim.fn.fnameescape(folder .. "/pyproject.toml"))
    has("DDB004@2")
    vim.cmd("edit " .. vim.fn.fnameescape(folder .. "/other.toml"))
    equal(dynaleak.client(), nil, "a client for some other TOML")
    say("shows mistakes in pyproject.toml, and leaves other TOML alone")
  end
  say("OK")
  vim.cmd("qall!")
end

local ok, error = xpcall(run, debug.traceback)
if not ok then
  die(error)
end
