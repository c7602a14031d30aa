"""Where the output of a run goes, and what was in it."""
import fcntl
import os
import subprocess
import threading

F_SETPIPE_SZ = 1031


class Streams:
    """kind  files   two files: as when a shell redirects
             closed  the same, but nothing can be expected on standard error
             read    two pipes, read as it comes, until close()
             unread  two small pipes that nobody reads until read_on()"""

    def __init__(self, kind, folder):
        self.kind = kind
        self.sees_errors = kind != "closed"
        self.paths = [os.path.join(folder, name) for name in ("stdout", "stderr")]
        self.readers, self.ends, self.is_closed = [], [], False
        if kind in ("files", "closed"):
            self.given = [open(path, "wb") for path in self.paths]
        else:
            pairs = [os.pipe() for _ in self.paths]
            self.ends = [read_end for read_end, _ in pairs]
            self.given = [os.fdopen(write_end, "wb") for _, write_end in pairs]
            if kind == "unread":
                for file in self.given:
                    fcntl.fcntl(file, F_SETPIPE_SZ, 4096)

    def arguments(self):
        return {"stdin": subprocess.DEVNULL, "stdout": self.given[0], "stderr": self.given[1]}

    def started(self):
        for file in self.given:
            file.close()
        if self.kind == "read":
            self.read_on()

    def read_on(self):
        while self.ends:
            reader = threading.Thread(target=self.copy, args=(self.ends.pop(0), self.paths[len(self.readers)]))
            self.readers.append(reader)
            reader.start()

    def copy(self, end, path):
        with open(path, "wb") as file:
            while not self.is_closed:
                some = os.read(end, 65536)
                if not some:
                    break
                file.write(some)
        os.close(end)

    def close(self):
        """The readers go as soon as something comes."""
        self.is_closed, self.sees_errors = True, False

    def finish(self):
        """When nobody has the other ends any more. Both texts."""
        self.read_on()
        for reader in self.readers:
            reader.join(5)
        texts = []
        for path in self.paths:
            with open(path, errors="replace") as file:
                texts.append(file.read())
        return texts
