;;; chiron.el --- Chiron in Emacs, through Eglot  -*- lexical-binding: t; -*-

;; For Emacs 29 or later, or Emacs 28 with Eglot from ELPA.  Load it from your init file.
;;
;; Eglot starts `chiron serve' for YAML.  When typing rests, a suggestion is asked for and drawn after the
;; cursor.  TAB takes it while it is drawn and is what it was otherwise; C-g dismisses it, and the server is
;; told; M-n draws the next alternative.

(require 'eglot)
(require 'jsonrpc)
(require 'subr-x)

(defvar chiron-rest 0.12 "Seconds without a key before a suggestion is asked for.")
(defvar chiron-modes '(yaml-mode yaml-ts-mode) "Modes in which Chiron is started.")

(defvar-local chiron--overlay nil)
(defvar-local chiron--items nil "What is drawn first, then the alternatives.")
(defvar-local chiron--timer nil)

(defface chiron-ghost '((t :inherit shadow)) "Face of a suggestion that is drawn.")

(add-to-list 'eglot-server-programs (cons chiron-modes '("chiron" "serve" "--stdio")))

(defun chiron--rest (item)
  "What of ITEM is not in the buffer yet, or nil where it does not continue the line."
  (let* ((range (plist-get item :range))
         (start (if range (eglot--lsp-position-to-point (plist-get range :start)) (point)))
         (before (buffer-substring-no-properties (min start (point)) (point)))
         (text (plist-get item :insertText)))
    (and (string-prefix-p before text) (substring text (length before)))))

(defun chiron--drawn () "What is drawn, or nil."
  (and chiron--overlay (overlay-get chiron--overlay 'chiron-rest)))

(defun chiron--erase ()
  "Takes away what is drawn."
  (when chiron--overlay (delete-overlay chiron--overlay))
  (setq chiron--overlay nil chiron--items nil))

(defun chiron--tell (kind &optional reason)
  "Tells the server that what is drawn ended by KIND, for REASON, and takes it away."
  (when-let* ((item (car chiron--items)) (server (eglot-current-server))
              (argument (aref (plist-get (plist-get item :command) :arguments) 0)))
    (jsonrpc-notify server :chiron/event
                    (append (list :suggestionId (plist-get argument :suggestionId)
                                  :kind kind :evidence "observed")
                            (and reason (list :reason reason)))))
  (chiron--erase))

(defun chiron--draw ()
  "Draws the first of the items, if it continues what stands before the cursor."
  (let ((rest (and chiron--items (chiron--rest (car chiron--items)))))
    (if (or (null rest) (string-empty-p rest))
        (chiron--erase)
      (unless chiron--overlay (setq chiron--overlay (make-overlay (point) (point))))
      (move-overlay chiron--overlay (point) (point))
      (overlay-put chiron--overlay 'chiron-rest rest)
      ;; The cursor stands before what is drawn.
      (let ((ghost (propertize rest 'face 'chiron-ghost)))
        (put-text-property 0 1 'cursor t ghost)
        (overlay-put chiron--overlay 'after-string ghost)))))

(defun chiron-suggest (&optional automatic)
  "Asks for a suggestion at the cursor; AUTOMATIC if nobody pressed a key for it."
  (interactive)
  (when-let ((server (eglot-current-server)))
    (eglot--signal-textDocument/didChange)
    (let ((buffer (current-buffer)) (place (point)) (tick (buffer-chars-modified-tick)))
      (jsonrpc-async-request
       server :textDocument/inlineCompletion
       (append (eglot--TextDocumentPositionParams)
               (list :context (list :triggerKind (if automatic 2 1))))
       :success-fn
       (lambda (result)
         (when (buffer-live-p buffer)
           (with-current-buffer buffer
             (chiron--erase)
             (when (and (= place (point)) (= tick (buffer-chars-modified-tick)))
               (setq chiron--items (append (if (vectorp result) result (plist-get result :items)) nil))
               (chiron--draw)))))
       :error-fn #'ignore
       :timeout-fn #'ignore))))

(defun chiron-accept ()
  "Puts in what is drawn, by one change, and runs its command."
  (interactive)
  (let ((rest (chiron--drawn)) (item (car chiron--items)) (server (eglot-current-server)))
    (chiron--erase)
    (when rest
      (insert rest)
      (eglot--signal-textDocument/didChange)
      (let ((command (plist-get item :command)))
        (jsonrpc-async-request server :workspace/executeCommand
                               (list :command (plist-get command :command)
                                     :arguments (plist-get command :arguments))
                               :success-fn #'ignore :error-fn #'ignore :timeout-fn #'ignore)))))

(defun chiron-dismiss () "Dismisses what is drawn." (interactive) (chiron--tell "rejected"))

(defun chiron-next ()
  "Draws the next alternative."
  (interactive)
  (setq chiron--items (append (cdr chiron--items) (list (car chiron--items))))
  (chiron--draw))

(defun chiron--after-command ()
  "Ends what is drawn when the cursor has left it, and asks anew after an edit."
  (let ((edited (memq this-command '(self-insert-command newline yaml-electric-dash-and-dot
                                     delete-backward-char yaml-electric-backspace newline-and-indent))))
    (when (and chiron--overlay (/= (point) (overlay-start chiron--overlay)))
      (if edited (chiron--erase) (chiron--tell "moved_away" "cursor")))
    (when edited
      (when (timerp chiron--timer) (cancel-timer chiron--timer))
      (let ((buffer (current-buffer)))
        (setq chiron--timer
              (run-with-timer chiron-rest nil
                              (lambda ()
                                (when (buffer-live-p buffer)
                                  (with-current-buffer buffer (chiron-suggest t))))))))))

(defvar chiron-mode-map (make-sparse-keymap))

;; These keys are ours only while something is drawn.
(dolist (binding '(("TAB" . chiron-accept) ("<tab>" . chiron-accept)
                   ("C-g" . chiron-dismiss) ("M-n" . chiron-next)))
  (define-key chiron-mode-map (kbd (car binding))
              (list 'menu-item "" (cdr binding)
                    :filter (lambda (command) (and (chiron--drawn) command)))))

(define-minor-mode chiron-mode
  "Suggestions for Ansible, drawn after the cursor."
  :lighter " Chiron"
  :keymap chiron-mode-map
  (if chiron-mode
      (add-hook 'post-command-hook #'chiron--after-command nil t)
    (remove-hook 'post-command-hook #'chiron--after-command t)
    (chiron--erase)))

(defun chiron-start () "Starts the server for this buffer, and draws what it suggests."
  (eglot-ensure)
  (chiron-mode 1))

(dolist (mode chiron-modes)
  (add-hook (intern (format "%s-hook" mode)) #'chiron-start))

(provide 'chiron)
;;; chiron.el ends here
