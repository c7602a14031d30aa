"""The program on trial, what it knows, and what its jobs give when nothing disturbs them."""
import hashlib
import os
import subprocess
import tempfile
import threading

from jobs import JOBS
from safetensors import is_whole

RANK_TIMEOUT_S, BUILT_IN_TIMEOUT_S = 6, 60
UNDISTURBED_S = 300     # slow builds, too


class Program:
    def __init__(self, folder):
        self.lockstep = os.path.join(os.path.realpath(folder), "lockstep")
        if not os.access(self.lockstep, os.X_OK):
            raise SystemExit(f"no {self.lockstep}: build it, or say --bin DIR")
        self.known_weights = set()
        self.bits, self.lock = {}, threading.Lock()
        self.knows_rank_timeout = self.knows(f"report.rank_timeout_s={RANK_TIMEOUT_S}")
        self.rank_timeout_s = RANK_TIMEOUT_S if self.knows_rank_timeout else BUILT_IN_TIMEOUT_S

    def knows(self, setting):
        """Whether a job may have it."""
        with tempfile.TemporaryDirectory(prefix="lks-chaos.") as folder:
            path = os.path.join(folder, "job.yaml")
            with open(path, "w") as file:
                file.write(JOBS["short"].text(4))
            return subprocess.run([self.lockstep, "check", path, "--set", setting], check=False,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0

    def undisturbed(self, job, lanes):
        """The sha256 of the job's weights."""
        with self.lock:
            if (job, lanes) not in self.bits:
                self.bits[job, lanes] = self.run_undisturbed(job, lanes)
            return self.bits[job, lanes]

    def run_undisturbed(self, job, lanes):
        with tempfile.TemporaryDirectory(prefix="lks-chaos.") as folder:
            with open(os.path.join(folder, "job.yaml"), "w") as file:
                file.write(JOBS[job].text(lanes))
            output = os.path.join(folder, "output")     # no pipe: somebody might keep it open
            with open(output, "wb") as file:
                done = subprocess.run([self.lockstep, "run", "job.yaml", "--ranks", "1", "--run-dir", "run"],
                                      cwd=folder, stdin=subprocess.DEVNULL, stdout=file,
                                      stderr=subprocess.STDOUT, timeout=UNDISTURBED_S, check=False)
            path = os.path.join(folder, "run", "model.safetensors")
            if done.returncode != 0 or is_whole(path):
                with open(output, errors="replace") as file:
                    raise OSError(f"an undisturbed run of job {job} fails: {file.read()}")
            with open(path, "rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            self.known_weights.add(sha256)
            return sha256
