-- Chiron in Neovim 0.11 or later: put this file into ~/.config/nvim/plugin/chiron.lua.
--
-- It starts `chiron serve` for YAML, asks for a suggestion when typing rests, draws it as virtual text, and
-- tells the server what no change of the text shows: Escape, and the cursor that goes elsewhere.
--
--   <Tab>    in insert mode: takes the suggestion that is drawn, else is what it was
--   <M-]>    draws the next alternative
--   <C-]>    dismisses it and stays in insert mode
--
-- Rewrites and what a model can do with a task are code actions (`gra`); explanations come in a window.

local REST_MS = 120
local namespace = vim.api.nvim_create_namespace('chiron')

---@class Drawn
---@field client vim.lsp.Client
---@field buffer integer
---@field row integer
---@field column integer  where the cursor is, in bytes
---@field items table[]
---@field at integer  which of the items is drawn

---@type Drawn?
local drawn
local timer = assert(vim.uv.new_timer())
local cancel = function() end

vim.lsp.config('chiron', {
  cmd = { 'chiron', 'serve', '--stdio' },
  filetypes = { 'yaml', 'yaml.ansible', 'ansible' },
  root_markers = { 'ansible.cfg', 'galaxy.yml', '.git' },
})
vim.lsp.enable('chiron')

local function erase()
  if drawn and vim.api.nvim_buf_is_valid(drawn.buffer) then
    vim.api.nvim_buf_clear_namespace(drawn.buffer, namespace, 0, -1)
  end
  drawn = nil
end

--- Tells the server how the suggestion that is drawn ended, and takes it away.
local function leave(kind, reason)
  if drawn then
    local argument = drawn.items[drawn.at].command.arguments[1]
    drawn.client:notify('chiron/event', {
      suggestionId = argument.suggestionId,
      kind = kind,
      evidence = 'observed',
      reason = reason,
    })
    erase()
  end
end

--- What of an item is not in the text yet, or nil where it does not continue the line up to the cursor.
local function rest_of(item, before)
  local text = item.insertText
  if item.range then
    before = before:sub(vim.str_byteindex(before, 'utf-16', item.range.start.character, false) + 1)
  end
  return vim.startswith(text, before) and text:sub(#before + 1) or nil
end

local function draw()
  if not drawn then
    return
  end
  local line = vim.api.nvim_buf_get_lines(drawn.buffer, drawn.row, drawn.row + 1, false)[1] or ''
  local rest = rest_of(drawn.items[drawn.at], line:sub(1, drawn.column))
  if not rest or rest == '' then
    return erase()
  end
  local lines = vim.split(rest, '\n', { plain = true })
  local below = vim.iter(lines):skip(1):map(function(text)
    return { { text == '' and ' ' or text, 'Comment' } }
  end):totable()
  vim.api.nvim_buf_set_extmark(drawn.buffer, namespace, drawn.row, drawn.column, {
    id = 1,
    virt_text = { { lines[1], 'Comment' } },
    virt_text_pos = 'inline',
    virt_lines = below,
  })
end

local function ask(invoked)
  cancel()
  local buffer = vim.api.nvim_get_current_buf()
  local client = vim.lsp.get_clients({ bufnr = buffer, name = 'chiron' })[1]
  if not client then
    return
  end
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  params.context = { triggerKind = invoked and 1 or 2 }
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  local tick = vim.api.nvim_buf_get_changedtick(buffer)
  local sent, id = client:request('textDocument/inlineCompletion', params, function(failure, result)
    local items = result and (result.items or result) or {}
    local moved = buffer ~= vim.api.nvim_get_current_buf()
      or tick ~= vim.api.nvim_buf_get_changedtick(buffer)
      or not vim.deep_equal({ row, column }, vim.api.nvim_win_get_cursor(0))
    erase()
    if failure or moved or vim.tbl_isempty(items) or vim.fn.mode() ~= 'i' then
      return
    end
    drawn = { client = client, buffer = buffer, row = row - 1, column = column, items = items, at = 1 }
    draw()
  end, buffer)
  cancel = function()
    if sent and id then
      client:cancel_request(id)
    end
    cancel = function() end
  end
end

--- Puts the rest of the drawn suggestion in by one change, then runs its command.
local function accept()
  local taken = drawn
  if not taken then
    return
  end
  local line = vim.api.nvim_buf_get_lines(taken.buffer, taken.row, taken.row + 1, false)[1] or ''
  local item = taken.items[taken.at]
  local rest = rest_of(item, line:sub(1, taken.column))
  erase()
  if not rest then
    return
  end
  local lines = vim.split(rest, '\n', { plain = true })
  vim.api.nvim_buf_set_text(taken.buffer, taken.row, taken.column, taken.row, taken.column, lines)
  local last = #lines == 1 and taken.column + #lines[1] or #lines[#lines]
  vim.api.nvim_win_set_cursor(0, { taken.row + #lines, last })
  taken.client:exec_cmd(item.command, { bufnr = taken.buffer })
end

local group = vim.api.nvim_create_augroup('chiron', {})

vim.api.nvim_create_autocmd('TextChangedI', {
  group = group,
  callback = function()
    erase()
    timer:start(REST_MS, 0, vim.schedule_wrap(function()
      if vim.fn.mode() == 'i' then
        ask(false)
      end
    end))
  end,
})

vim.api.nvim_create_autocmd('CursorMovedI', {
  group = group,
  callback = function()
    local row, column = unpack(vim.api.nvim_win_get_cursor(0))
    if drawn and (row - 1 ~= drawn.row or column ~= drawn.column) then
      leave('moved_away', 'cursor')
    end
  end,
})

vim.api.nvim_create_autocmd('InsertLeave', {
  group = group,
  callback = function()
    timer:stop()
    cancel()
    leave('rejected')
  end,
})

vim.api.nvim_create_autocmd('BufLeave', {
  group = group,
  callback = function()
    leave('moved_away', 'editor')
  end,
})

vim.keymap.set('i', '<Tab>', function()
  if not drawn then
    return '<Tab>'
  end
  vim.schedule(accept)
  return ''
end, { expr = true, desc = 'Chiron: take the suggestion' })

vim.keymap.set('i', '<M-]>', function()
  if drawn then
    drawn.at = drawn.at % #drawn.items + 1
    draw()
  end
end, { desc = 'Chiron: next alternative' })

vim.keymap.set('i', '<C-]>', function()
  leave('rejected')
end, { desc = 'Chiron: dismiss the suggestion' })

--- Shows an explanation beside the cursor, sentence by sentence as it is written.
vim.lsp.commands['chiron.explain'] = function(command, context)
  local client = assert(vim.lsp.get_client_by_id(context.client_id))
  local token = 'chiron-explain-' .. vim.uv.hrtime()
  local text = ''
  local float

  local function show()
    if float and vim.api.nvim_win_is_valid(float) then
      vim.api.nvim_win_close(float, true)
    end
    local lines = vim.split(text == '' and '…' or text, '\n', { plain = true })
    _, float = vim.lsp.util.open_floating_preview(lines, 'markdown', { wrap = true, max_width = 80, focus = false })
  end

  local following = vim.api.nvim_create_autocmd('LspProgress', {
    callback = function(event)
      local params = event.data.params
      if params.token == token and type(params.value) == 'string' then
        text = text .. params.value
        show()
      end
    end,
  })
  local argument = vim.tbl_extend('force', command.arguments[1], { partialResultToken = token })
  local asked = { command = command.command, arguments = { argument } }
  show()
  client:request('workspace/executeCommand', asked, function(failure, result)
    vim.api.nvim_del_autocmd(following)
    text = failure and failure.message or result or ''
    show()
  end, context.bufnr)
end

vim.api.nvim_create_user_command('ChironSuggest', function()
  ask(true)
end, { desc = 'Ask Chiron for a suggestion at the cursor' })

-- Whether a suggestion is drawn, and which text: for status lines and tests.
_G.chiron_drawn = function()
  return drawn and drawn.items[drawn.at].insertText or ''
end
