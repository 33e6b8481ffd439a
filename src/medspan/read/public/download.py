"""Download a file: resumed where it was cut off, three tries, https only where there is https."""

from __future__ import annotations

import http.client
import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import medspan
from medspan.core import InputError

Tell = Callable[[int, int | None], None]
"""Hears how many bytes are there, and of how many where the server says so."""

PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class Limits:
    """How long (seconds) and how much (bytes) a download may take; a pause before each further try."""

    silence: float = 30.0
    duration: float = 3600.0
    pauses: tuple[float, ...] = (1.0, 5.0)
    size: int = 1 << 30


DEFAULT_LIMITS = Limits()


def download(url: str, path: Path, tell: Tell, limits: Limits = DEFAULT_LIMITS) -> None:
    """Fetch `url` to `path`, which appears once it is complete.

    What has come stands in `path` + `.part`, with what the server said of its version beside it, and
    is gone on with by a later try, or a later call, if the server still has that version. InputError
    where it cannot be fetched.
    """
    part = _Part(url, path)
    for pause in (*limits.pauses, None):
        try:
            _fetch(url, part, tell, limits)
        except _Again as error:
            if pause is None:
                raise InputError(
                    f"{url} could not be fetched in {len(limits.pauses) + 1} tries: {error}",
                    cause="no way to the network, or a server that is down or slow",
                    remedy="try later (what came is gone on with), or fetch it by another way and name "
                    "the copy with --from",
                ) from None
            time.sleep(pause)
        else:
            part.finish()
            return


class _Again(Exception):
    """A failure that another try may mend."""


class _Part:
    """The beginning of a download and the version of the file that it is of."""

    def __init__(self, url: str, path: Path):
        self.url, self._path = url, path
        self.path = path.with_name(path.name + ".part")
        self._about = path.with_name(path.name + ".part.json")

    def version(self) -> str:
        """The version that is there in part; empty where there is none that could be gone on with."""
        try:
            about = json.loads(self._about.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return ""
        known = isinstance(about, dict) and about.get("url") == self.url
        version = about.get("version") if known else None
        usable = isinstance(version, str) and version.isascii() and version.isprintable()
        return str(version) if usable and self.size() else ""

    def size(self) -> int:
        return self.path.stat().st_size if self.path.is_file() else 0

    def begin(self, version: str) -> None:
        self.discard()
        self._about.write_text(json.dumps({"url": self.url, "version": version}), encoding="utf-8")

    def discard(self) -> None:
        self.path.unlink(missing_ok=True)
        self._about.unlink(missing_ok=True)

    def finish(self) -> None:
        self.path.replace(self._path)
        self._about.unlink(missing_ok=True)


class _OnlyToHttps(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        if urlsplit(newurl).scheme != "https":
            raise InputError(
                f"{req.full_url} leads on to {newurl}, which is not https",
                cause="the server moved, or a portal on the way (of a hotel, of a firm) changes its answers",
                remedy="open the address in a browser, and name the file that you got with --from",
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _fetch(url: str, part: _Part, tell: Tell, limits: Limits) -> None:
    if urlsplit(url).scheme not in ("https", "http"):
        raise InputError(f"{url} is no address of the web", remedy="report it: the catalogue is wrong")
    # Packed on the way, a file could not be gone on with at a byte.
    headers = {"User-Agent": f"medspan/{medspan.__version__}", "Accept-Encoding": "identity"}
    version = part.version()
    if version:
        headers |= {"Range": f"bytes={part.size()}-", "If-Range": version}
    opener = urllib.request.build_opener(_OnlyToHttps())
    try:
        answer = opener.open(urllib.request.Request(url, headers=headers), timeout=limits.silence)
    except urllib.error.HTTPError as error:
        error.close()
        raise _refusal(url, part, error) from None
    except (OSError, http.client.HTTPException) as error:
        raise _broken(url, error) from None
    with answer:
        _receive(url, answer, part, tell, limits)


def _receive(url: str, answer: Any, part: _Part, tell: Tell, limits: Limits) -> None:
    start, total = _extent(answer, part)
    if start == 0:
        part.begin(_version(answer.headers))
    if total is not None and total > limits.size:
        part.discard()
        raise _too_large(url, limits)
    done, deadline = start, time.monotonic() + limits.duration
    with part.path.open("ab") as file:
        while True:
            try:
                piece = answer.read1(PIECE)
            except http.client.IncompleteRead as error:
                file.write(error.partial)
                raise _Again(f"the connection was cut after {done:,} bytes") from None
            except (OSError, http.client.HTTPException) as error:
                raise _broken(url, error) from None
            if not piece:
                break
            file.write(piece)
            done += len(piece)
            if done > limits.size:
                break
            tell(done, total)
            if time.monotonic() > deadline:
                raise _Again(f"it took longer than {limits.duration:,.0f} seconds")
    if done > limits.size or (total is not None and done > total):
        part.discard()
        raise _too_large(url, limits)
    if total is not None and done < total:
        raise _Again(f"the connection was cut after {done:,} of {total:,} bytes")


def _extent(answer: Any, part: _Part) -> tuple[int, int | None]:
    """Where the answer begins in the file, and the size of the whole file."""
    if answer.status == http.client.PARTIAL_CONTENT:
        unit, _, rest = (answer.headers.get("Content-Range") or "").partition(" ")
        span, _, whole = rest.partition("/")
        first = span.partition("-")[0]
        # Some servers do not know If-Range: the version must be looked at too.
        changed = _version(answer.headers) not in ("", part.version())
        if changed or unit != "bytes" or first != str(part.size()):
            part.discard()
            raise _Again("the server sent another piece than the one asked for")
        return part.size(), _number(whole)
    return 0, _number(answer.headers.get("Content-Length") or "")


def _number(digits: str) -> int | None:
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 19 else None


def _version(headers: Any) -> str:
    """What tells one version of the file from another. A weak ETag does not tell bytes apart."""
    tag = headers.get("ETag") or ""
    return tag if tag and not tag.startswith("W/") else headers.get("Last-Modified") or ""


def _refusal(url: str, part: _Part, error: urllib.error.HTTPError) -> Exception:
    what = f"the server answers {error.code} {error.reason}"
    if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
        part.discard()
        return _Again(what)
    if error.code >= 500 or error.code in (408, 425, 429):
        return _Again(what)
    return InputError(
        f"{url}: {what}",
        cause="the file was moved or withdrawn, or is not given to everybody",
        remedy="look for it on the page that `medspan data list` names, and name your copy with --from",
    )


def _broken(url: str, error: Exception) -> Exception:
    reason = getattr(error, "reason", error)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return InputError(
            f"{url}: the server's certificate is not valid ({reason.verify_message})",
            cause="this machine lacks the certificates of authorities, its clock is wrong, or somebody "
            "stands in the way",
            remedy="set SSL_CERT_FILE to the right certificates, or name a copy with --from",
        )
    if isinstance(reason, TimeoutError):
        return _Again("the server was silent for too long")
    return _Again(str(reason) or type(reason).__name__)


def _too_large(url: str, limits: Limits) -> InputError:
    return InputError(
        f"{url} gives more than the {limits.size:,} bytes that are taken, or more than it announced",
        cause="another file stands at that address now",
        remedy="look at it in a browser, and name the right file with --from",
    )
