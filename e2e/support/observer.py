"""A judge that knows libvirt and a reference image, and nothing of Tenon."""
import contextlib
import os
import pathlib
import threading
import xml.etree.ElementTree

import libvirt

BLOCK = 1 << 20
JUDGED = {libvirt.VIR_DOMAIN_EVENT_DEFINED: 'defined', libvirt.VIR_DOMAIN_EVENT_STARTED: 'started'}

INTERRUPTED = ': libvirt went away'

_loop = None


def _run_event_loop():
    """libvirt has one event loop for each process; it runs as long as the process."""
    global _loop
    if _loop is None:
        libvirt.virEventRegisterDefaultImpl()
        libvirt.registerErrorHandler(lambda *_: None, None)
        # Without a timer of its own the loop would not notice registrations of other threads for long.
        libvirt.virEventAddTimeout(200, lambda *_: None, None)
        _loop = threading.Thread(target=lambda: [libvirt.virEventRunDefaultImpl() for _ in iter(int, 1)], daemon=True)
        _loop.start()


def difference(disk, reference):
    """Where and how a raw disk differs from the reference and zeros behind it; None if it does not."""
    try:
        with open(disk, 'rb') as one, open(reference, 'rb') as other:
            offset = 0
            while block := other.read(BLOCK):
                if one.read(len(block)) != block:
                    return 'differs from the reference in the %d bytes from %d on' % (len(block), offset)
                offset += len(block)
            while block := one.read(BLOCK):
                if block.count(0) != len(block):
                    return 'is not zero behind the reference, in the %d bytes from %d on' % (len(block), offset)
                offset += len(block)
    except OSError as error:
        return str(error)
    return None


class Observer:
    """At each Defined and Started event compares the disks in the domain's XML with the reference, a raw image.

    An event is heard a moment after it happened. So that the disk is known to have been then what it is when it is read,
    it must not have been written since the machine was defined: `definitions` is the folder where libvirt keeps
    definitions. A guest that writes its disk may thus be judged wrongly; the small disk of e2e/lab never does.

    `events` is what was judged, as "started default_vm"; `violations` what must never happen; `missed` what was gone
    before it could be looked at, or libvirt was. Read them after `stop` or when the event waited for has come.
    """

    def __init__(self, uri, reference, definitions):
        _run_event_loop()
        self.uri, self.reference, self.definitions = uri, reference, pathlib.Path(definitions)
        self.events, self.violations, self.missed, self.judged = [], [], [], 0
        self._listen()

    def _listen(self):
        self.connection = libvirt.open(self.uri)
        self.callback = self.connection.domainEventRegisterAny(
            None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, self._happened, None)

    def listen_again(self):
        """After libvirt was restarted. What is there now is judged, as "found": it may have come unheard."""
        with contextlib.suppress(libvirt.libvirtError):
            self.stop()
        self._listen()
        for domain in self.connection.listAllDomains():
            self._noticed('found', domain)
        self.missed = [text for text in self.missed if not text.endswith(INTERRUPTED)]

    def stop(self):
        self.connection.domainEventDeregisterAny(self.callback)
        self.connection.close()

    def _happened(self, _connection, domain, event, _detail, _opaque):
        if event in JUDGED:
            self._noticed(JUDGED[event], domain)

    def _noticed(self, what, domain):
        name = domain.name()
        try:
            self._judge(what, name, domain)
        except Exception as error:  # an observer that fails must not look like one that is content
            self.violations.append('%s %s: the observer failed: %r' % (what, name, error))
        self.events.append('%s %s' % (what, name))

    def _judge(self, what, name, domain):
        try:
            disks = xml.etree.ElementTree.fromstring(domain.XMLDesc()).findall("./devices/disk[@device='disk']")
        except libvirt.libvirtError as error:
            gone = error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN
            if not gone and self.connection.isAlive():
                raise
            self.missed.append('%s %s%s' % (what, name, '' if gone else INTERRUPTED))
            return
        if not disks:
            self.violations.append('%s %s without a disk' % (what, name))
        for disk in disks:
            source, driver = disk.find('source'), disk.find('driver')
            path = source.get('file') or source.get('dev') if source is not None else None
            if path is None or (driver is not None and driver.get('type', 'raw') != 'raw'):
                problem = 'cannot be judged: not a raw file or device'
            else:
                late = self._written_late(name, path)
                problem = difference(path, self.reference) or late
            self.judged += 1
            if problem:
                self.violations.append('%s %s: %s %s' % (what, name, path, problem))

    def _written_late(self, name, path):
        try:
            defined = os.stat(self.definitions / (name + '.xml')).st_mtime_ns
        except FileNotFoundError:
            return 'cannot be judged: the machine has no definition any more'
        try:
            return 'was written after the machine was defined' if os.stat(path).st_mtime_ns > defined else None
        except OSError as error:
            return str(error)
