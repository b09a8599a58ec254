-- The command :Dynaleak. The server is started by vim.lsp.enable("dynaleak"), or by require("dynaleak").setup().

if vim.g.loaded_dynaleak then
  return
end
vim.g.loaded_dynaleak = true

vim.api.nvim_create_user_command("Dynaleak", function(given)
  require("dynaleak").run(given.fargs, given.bang)
end, {
  nargs = "+",
  bang = true,
  desc = "Commands of dynaleak; see :help :Dynaleak",
  complete = function(lead)
    return vim.tbl_filter(function(name)
      return vim.startswith(name, lead)
    end, require("dynaleak").names())
  end,
})
