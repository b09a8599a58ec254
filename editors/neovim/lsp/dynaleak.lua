---@brief
---
--- Finds where Python code holds on to DynamoDB data longer, or in larger amounts, than it needs.
---
--- Stands alone, so that it serves in nvim-lspconfig too.

local configuration = { ["pyproject.toml"] = true, ["dynaleak.toml"] = true, [".dynaleak.toml"] = true }

---@type vim.lsp.Config
return {
  cmd = { "dynaleak", "server" },
  filetypes = { "python", "toml" },
  root_dir = function(bufnr, on_dir)
    local name = vim.api.nvim_buf_get_name(bufnr)
    -- Of TOML only what may hold its configuration.
    if vim.bo[bufnr].filetype == "python" or configuration[vim.fs.basename(name)] then
      on_dir(vim.fs.root(bufnr, { "dynaleak.toml", ".dynaleak.toml", "pyproject.toml", ".git" }) or vim.fs.dirname(name))
    end
  end,
  settings = { dynaleak = vim.empty_dict() },
}
