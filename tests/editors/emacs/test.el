;;; test.el --- Eglot in a real Emacs: emacs -Q --batch -l test.el FOLDER SERVER -*- lexical-binding: t -*-

;; The last line is OK, or nothing was shown.

(require 'eglot)
(setq make-backup-files nil
      create-lockfiles nil
      eglot-sync-connect 60
      eglot-autoshutdown t
      eglot-confirm-server-edits nil
      eglot-confirm-server-initiated-edits nil)

(defvar test-patience (/ (string-to-number (or (getenv "PATIENCE") "150000")) 1000.0))

(defun test-die (format &rest words)
  (princ (concat "FAILED: " (apply #'format format words) "\n"))
  (kill-emacs 1))

(defun test-wait (what holds)
  (let ((end (+ (float-time) test-patience)) value)
    (while (not (or (setq value (funcall holds)) (> (float-time) end)))
      (accept-process-output nil 0.05))
    (or value (test-die "waited in vain: %s" what))))

(let* ((folder (file-name-as-directory (nth 0 command-line-args-left)))
       (server (nth 1 command-line-args-left))
       (docs (expand-file-name "../../../docs/editors.md" (file-name-directory load-file-name))))
  (setq command-line-args-left nil)
  (princ (format "emacs %s\n" emacs-version))
  ;; The block of the documentation, with the program's path put in.
  (let ((block (with-temp-buffer
                 (insert-file-contents docs)
                 (search-forward "## Emacs")
                 (search-forward "```elisp\n")
                 (buffer-substring (point) (progn (search-forward "```") (match-beginning 0))))))
    (with-temp-buffer
      (insert (replace-regexp-in-string "\"dynaleak\" \"server\"" (format "%S \"server\"" server) block t t))
      (eval-buffer)))
  (find-file (concat folder "main.py"))
  (python-mode)
  (let ((inhibit-message t)) (apply #'eglot (eglot--guess-contact)))
  (test-wait "a server" (lambda () (bound-and-true-p eglot--managed-mode)))
  (let ((found (test-wait "findings"
                          (lambda ()
                            (flymake-start)
                            (seq-filter (lambda (each) (string-match-p "RESULTS. keeps every item" (flymake-diagnostic-text each)))
                                        (flymake-diagnostics))))))
    (princ (format "diagnostics, across files: line %d\n" (line-number-at-pos (flymake-diagnostic-beg (car found))))))
  (goto-char (point-min))
  (search-forward "RESULTS.append")
  (let ((hover (jsonrpc-request (eglot--current-server-or-lose) :textDocument/hover (eglot--TextDocumentPositionParams))))
    (unless (string-match-p "process-lifetime-accumulator" (format "%S" hover))
      (test-die "hover: %S" hover))
    (princ "hover shows the rule's page\n"))
  (let* ((actions (test-wait "code actions"
                             (lambda () (append (eglot-code-actions (line-beginning-position) (line-end-position) "quickfix") nil))))
         (wanted (seq-find (lambda (each) (string-match-p "Bound .RESULTS. with deque" (plist-get each :title))) actions)))
    (dolist (each actions) (princ (format "  %s\n" (plist-get each :title))))
    (unless wanted (test-die "no such code action"))
    (eglot-execute (eglot-current-server) wanted))
  (test-wait "the rewrite" (lambda () (save-excursion (goto-char (point-min)) (search-forward "RESULTS = deque(maxlen=1000)" nil t))))
  (save-buffer)
  (let ((saved (with-temp-buffer (insert-file-contents (concat folder "main.py")) (buffer-string))))
    (unless (string-match-p "from collections import deque" saved)
      (test-die "on disk: %s" saved)))
  (princ "a code action is applied and saved\n")
  (let ((trail (jsonrpc-request (eglot--current-server-or-lose) :dynaleak/rules '(:code "DDB101"))))
    (unless (string-match-p "# DDB101" (format "%S" trail))
      (test-die "rules: %S" trail)))
  (eglot-shutdown (eglot-current-server))
  (princ "OK\n")
  (kill-emacs 0))
