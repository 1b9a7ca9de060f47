"""A real terminal for a program: runs it as the foreground job of a small shell on a pseudo-terminal.

    terminal.py COLUMNS ROWS PROGRAM [ARGUMENT...]

Standard output: what the terminal got. Standard input: JSON lines {"type": text}, {"size": [columns, rows]},
{"signal": number}, {"continue": true}, {"hang": true}. Standard error: lines "pid N", "stopped MODES", "exit CODE MODES",
"signal NUMBER MODES"; MODES are the flags of the terminal that programs like to change.
"""
import fcntl, json, os, pty, select, signal, struct, sys, termios


def modes(fd):
    local = termios.tcgetattr(fd)[3]
    flags = [name for name in ("ICANON", "ECHO", "ISIG") if local & getattr(termios, name)]
    return ",".join(flags) or "raw"


def shell(argv, reports, commands):
    """The session's leader: starts the job, sees it stop and end, continues it."""
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    job = os.fork()
    if job == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        os.execvp(argv[0], argv)
    try:
        os.setpgid(job, job)
    except OSError:
        pass
    os.tcsetpgrp(0, job)
    report = lambda text: os.write(reports, (text + "\n").encode())
    report("pid %d" % job)
    while True:
        _, status = os.waitpid(job, os.WUNTRACED)
        try:
            os.tcsetpgrp(0, os.getpid())
            now = modes(0)
        except (OSError, termios.error):
            now = "gone"
        if os.WIFSTOPPED(status):
            report("stopped " + now)
            os.read(commands, 1)
            os.tcsetpgrp(0, job)
            os.killpg(job, signal.SIGCONT)
        elif os.WIFEXITED(status):
            report("exit %d %s" % (os.WEXITSTATUS(status), now))
            os._exit(0)
        else:
            report("signal %d %s" % (os.WTERMSIG(status), now))
            os._exit(0)


def resize(fd, columns, rows):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def main():
    columns, rows, argv = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    reports, report_end = os.pipe()
    command_end, commands = os.pipe()
    leader, terminal = pty.fork()
    if leader == 0:
        resize(0, columns, rows)
        shell(argv, report_end, command_end)
    os.close(report_end)
    job, pending = None, b""
    sources = [terminal, 0, reports]
    while sources:
        for source in select.select(sources, [], [])[0]:
            try:
                data = os.read(source, 65536)
            except OSError:
                data = b""
            if data == b"":
                sources.remove(source)
                if source == reports:
                    # All was said; what the terminal still holds was read before.
                    return
                if source == 0 and job is not None:
                    try:
                        os.killpg(job, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
            elif source == terminal:
                os.write(1, data)
            elif source == reports:
                if data.startswith(b"pid "):
                    job = int(data.split()[1])
                elif terminal in sources:
                    while select.select([terminal], [], [], 0.2)[0]:
                        try:
                            rest = os.read(terminal, 65536)
                        except OSError:
                            break
                        os.write(1, rest)
                os.write(2, data)
            else:
                pending += data
                while b"\n" in pending:
                    line, pending = pending.split(b"\n", 1)
                    command = json.loads(line)
                    if "type" in command:
                        os.write(terminal, command["type"].encode())
                    elif "size" in command:
                        resize(terminal, *command["size"])
                    elif "signal" in command:
                        os.kill(job, command["signal"])
                    elif "continue" in command:
                        os.write(commands, b"c")
                    elif "hang" in command:
                        sources.remove(terminal)
                        os.close(terminal)


main()
