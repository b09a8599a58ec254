-- :checkhealth dynaleak

local M = {}

-- Their names changed with Neovim 0.10.
local health = vim.health or require("health")
local start = health.start or health.report_start
local ok = health.ok or health.report_ok
local warn = health.warn or health.report_warn
local err = health.error or health.report_error
local info = health.info or health.report_info

function M.check()
  local dynaleak = require("dynaleak")
  start("dynaleak")
  if vim.fn.has("nvim-0.7") == 0 then
    err("Neovim 0.7 or later is needed")
    return
  end

  local config = vim.lsp.config and vim.lsp.config.dynaleak or dynaleak.old or {}
  local program = type(config.cmd) == "table" and config.cmd[1] or "dynaleak"
  if vim.fn.executable(program) == 0 then
    err("`" .. program .. "` is not executable", { "Install it: pip install dynaleak, or cargo install dynaleak", "Or set `cmd`; see :help dynaleak-setup" })
    return
  end
  local version = vim.trim(vim.fn.system({ program, "--version" }))
  if vim.v.shell_error ~= 0 or not version:match("^dynaleak %S+$") then
    err("`" .. program .. " --version` answers " .. vim.inspect(version))
    return
  end
  ok(version .. " (" .. vim.fn.exepath(program) .. ")")

  local enabled = dynaleak.old ~= nil or (vim.lsp.is_enabled and vim.lsp.is_enabled("dynaleak")) or (vim.lsp.config and vim.lsp._enabled_configs and vim.lsp._enabled_configs.dynaleak ~= nil)
  if enabled then
    ok("it is started for Python files")
  else
    warn("it is not started by itself", { 'Call vim.lsp.enable("dynaleak") or require("dynaleak").setup()' })
  end

  local count = 0
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    local client = vim.api.nvim_buf_is_loaded(bufnr) and dynaleak.client(bufnr)
    if client then
      count = count + 1
      info(("buffer %d: root %s"):format(bufnr, client.config.root_dir or "none"))
    end
  end
  info(("it serves %d buffers"):format(count))
end

return M
