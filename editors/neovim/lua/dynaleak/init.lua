-- Starts the server where Neovim has no vim.lsp.config yet, and asks it what the commands want to know.

local M = {}

local NAME = "dynaleak"
local MARKERS = { "dynaleak.toml", ".dynaleak.toml", "pyproject.toml", ".git" }

local function say(message, level)
  vim.notify("dynaleak: " .. message, level or vim.log.levels.INFO)
end

-- ---- starting ----

--- The nearest folder above a file that has one of the markers; without any, its own folder.
local function root_of(file)
  local own = vim.fn.fnamemodify(file, ":p:h")
  local folder = own
  while true do
    for _, marker in ipairs(MARKERS) do
      if vim.loop.fs_stat(folder .. "/" .. marker) then
        return folder
      end
    end
    local above = vim.fn.fnamemodify(folder, ":h")
    if above == folder then
      return own
    end
    folder = above
  end
end

--- One server for each root, for Neovim 0.7 to 0.10.
local started = {}

local function attach(options, bufnr)
  local root = root_of(vim.api.nvim_buf_get_name(bufnr))
  local config = {
    name = NAME,
    cmd = options.cmd,
    root_dir = root,
    settings = options.settings,
    init_options = options.settings[NAME],
    workspace_folders = { { uri = vim.uri_from_fname(root), name = root } },
  }
  if vim.lsp.start then
    return vim.lsp.start(config, { bufnr = bufnr })
  end
  local id = started[root]
  if not id or not vim.lsp.get_client_by_id(id) then
    id = vim.lsp.start_client(config)
    started[root] = id
  end
  return id and vim.lsp.buf_attach_client(bufnr, id)
end

--- Options: `cmd` (a list), `settings` (what stands under "dynaleak").
function M.setup(options)
  options = options or {}
  local settings = { [NAME] = next(options.settings or {}) and options.settings or vim.empty_dict() }
  if vim.lsp.config and vim.lsp.enable then
    vim.lsp.config(NAME, { cmd = options.cmd, settings = settings })
    vim.lsp.enable(NAME)
    return
  end
  local old = { cmd = options.cmd or { "dynaleak", "server" }, settings = settings }
  M.old = old
  vim.api.nvim_create_autocmd("FileType", {
    group = vim.api.nvim_create_augroup("dynaleak", { clear = true }),
    pattern = "python",
    callback = function(event)
      attach(old, event.buf)
    end,
  })
end

--- The client of a buffer, by default of the current one.
function M.client(bufnr)
  bufnr = bufnr or vim.api.nvim_get_current_buf()
  if vim.lsp.get_clients then
    return vim.lsp.get_clients({ bufnr = bufnr, name = NAME })[1]
  end
  for _, client in pairs(vim.lsp.buf_get_clients(bufnr)) do
    if client.name == NAME then
      return client
    end
  end
end

-- ---- asking ----

local function ask(method, params, answered)
  local bufnr = vim.api.nvim_get_current_buf()
  local client = M.client(bufnr)
  if not client then
    return say("no server is attached to this buffer", vim.log.levels.WARN)
  end
  local function handler(error, result)
    if error then
      return say(error.message or tostring(error), vim.log.levels.ERROR)
    end
    answered(result ~= vim.NIL and result or nil, client, bufnr)
  end
  if vim.fn.has("nvim-0.11") == 1 then
    client:request(method, params, handler, bufnr)
  else
    client.request(method, params, handler, bufnr)
  end
end

local function position(client)
  return vim.lsp.util.make_position_params(0, client.offset_encoding or "utf-16")
end

local function scratch(name, lines, filetype)
  vim.cmd("botright new")
  local bufnr = vim.api.nvim_get_current_buf()
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, lines)
  vim.bo.buftype = "nofile"
  vim.bo.bufhidden = "wipe"
  vim.bo.swapfile = false
  vim.bo.modifiable = false
  vim.bo.filetype = filetype
  pcall(vim.api.nvim_buf_set_name, bufnr, name)
end

--- The code of the finding under the cursor, if there is one.
local function code_here()
  local line = vim.api.nvim_win_get_cursor(0)[1] - 1
  for _, item in ipairs(vim.diagnostic.get(0, { lnum = line })) do
    if item.source == NAME then
      return item.code or (item.user_data and item.user_data.lsp and item.user_data.lsp.code)
    end
  end
end

local ROLES = { source = "comes from", step = "goes through", kept = "is kept here", reason = "because", holder = "the holder" }

local function as_item(step, encoding)
  local item = vim.lsp.util.locations_to_items({ step.location }, encoding)[1]
  item.text = ROLES[step.role] .. ": " .. step.message
  return item
end

--- Opens the picture in whatever shows SVG here.
local function picture(trail)
  local file = vim.fn.tempname() .. ".svg"
  vim.fn.writefile(vim.split(trail.svg, "\n"), file)
  if not vim.ui.open then
    return say("the picture is " .. file)
  end
  local _, error = vim.ui.open(file)
  say(error and (error .. ": the picture is " .. file) or ("opens " .. file))
end

-- ---- the commands ----

local commands = {}

--- Why is this held: the trail in the location list; with a bang its picture.
function commands.why(_, bang)
  local client = M.client()
  local params = client and position(client) or {}
  ask("dynaleak/trail", params, function(trail, of)
    if not trail then
      return say("no finding stands here, so nothing is known to be held")
    end
    if bang then
      return picture(trail)
    end
    local items = vim.tbl_map(function(step)
      return as_item(step, of.offset_encoding)
    end, trail.steps)
    vim.fn.setloclist(0, {}, " ", { title = trail.code .. ": " .. trail.title, items = items })
    vim.cmd("lopen")
  end)
end

--- A rule's page, by default that of the finding in this line.
function commands.explain(words)
  local code = words[1] or code_here()
  if not code then
    return say("no finding stands in this line: name a rule")
  end
  ask("dynaleak/rules", { code = code }, function(rules)
    local rule = rules and rules[1]
    if not rule then
      return say("no rule `" .. code .. "`", vim.log.levels.WARN)
    end
    scratch("dynaleak://" .. rule.code, vim.split(rule.explanation, "\n"), "markdown")
  end)
end

--- All safe rewrites of the file.
function commands.fixall()
  local last = vim.api.nvim_buf_line_count(0)
  local params = {
    textDocument = { uri = vim.uri_from_bufnr(0) },
    range = { start = { line = 0, character = 0 }, ["end"] = { line = last, character = 0 } },
    context = { diagnostics = {}, only = { "source.fixAll.dynaleak" } },
  }
  ask("textDocument/codeAction", params, function(actions, client)
    local action = actions and actions[1]
    if not action then
      return say("nothing can be fixed safely here")
    end
    local function apply(resolved)
      if resolved and resolved.edit then
        vim.lsp.util.apply_workspace_edit(resolved.edit, client.offset_encoding or "utf-16")
      end
    end
    if action.edit then
      return apply(action)
    end
    ask("codeAction/resolve", action, apply)
  end)
end

--- What a check of the root finds, in the quickfix list.
function commands.check()
  local client = M.client()
  local root = client and client.config.root_dir or vim.fn.getcwd()
  local program = client and client.config.cmd[1] or "dynaleak"
  local command = { program, "check", "--quiet", "--output-format", "concise", root }
  local lines = vim.fn.systemlist(command)
  if vim.v.shell_error > 1 then
    return say(table.concat(lines, "\n"), vim.log.levels.ERROR)
  end
  vim.fn.setqflist({}, " ", {
    title = "dynaleak check",
    lines = lines,
    efm = "%f:%l:%c: %trror[%m,%f:%l:%c: %tarning[%m,%f:%l:%c: %tnfo[%m,%f:%l:%c: %m",
  })
  if #lines > 0 then
    vim.cmd("copen")
  else
    say("nothing is found")
  end
end

--- What the server knows of itself.
function commands.debug()
  ask("workspace/executeCommand", { command = "dynaleak.debugInformation" }, function(result)
    scratch("dynaleak://debug", vim.split(vim.inspect(result), "\n"), "lua")
  end)
end

--- Ends the server and starts it again for the buffers that it served.
function commands.restart()
  local client = M.client()
  if not client then
    return say("no server is attached to this buffer", vim.log.levels.WARN)
  end
  local served = {}
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    local of = vim.api.nvim_buf_is_loaded(bufnr) and M.client(bufnr)
    if of and of.id == client.id then
      table.insert(served, bufnr)
    end
  end
  if vim.fn.has("nvim-0.11") == 1 then
    client:stop()
  else
    vim.lsp.stop_client(client.id)
  end
  local tries = 0
  local function again()
    tries = tries + 1
    if vim.lsp.get_client_by_id(client.id) and tries < 100 then
      return vim.defer_fn(again, 50)
    end
    for _, bufnr in ipairs(served) do
      if M.old then
        attach(M.old, bufnr)
      else
        vim.lsp.start(client.config, { bufnr = bufnr })
      end
    end
  end
  vim.defer_fn(again, 50)
end

--- The log of Neovim's client, which has the server's words too.
function commands.log()
  vim.cmd("tabnew " .. vim.fn.fnameescape(vim.lsp.get_log_path()))
end

function M.names()
  local names = vim.tbl_keys(commands)
  table.sort(names)
  return names
end

--- What stands behind :Dynaleak.
function M.run(words, bang)
  local command = commands[words[1]]
  if not command then
    return say("no command `" .. words[1] .. "`; there are " .. table.concat(M.names(), ", "), vim.log.levels.ERROR)
  end
  command(vim.list_slice(words, 2), bang)
end

return M
