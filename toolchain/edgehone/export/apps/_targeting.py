"""Google Play's device targeting configuration: a device group a tier, in the order of priority.

The format is documented at developer.android.com/google/play/device-targeting: the first group that
a device matches is served, and the group "other" of the rest is Play's own.
"""

from collections.abc import Iterable
from xml.etree import ElementTree

from edgehone.export.apps._tiers import Selector

NAMESPACE = "http://schemas.android.com/apk/config"


def configuration(groups: Iterable[tuple[str, Selector]]) -> bytes:
    """`device_targeting_config.xml` of groups with a selector each."""
    ElementTree.register_namespace("config", NAMESPACE)
    root = ElementTree.Element(_named("device-targeting-config"))
    for name, selector in groups:
        group = ElementTree.SubElement(root, _named("device-group"), {"name": name})
        _select(group, selector)
    ElementTree.indent(root, "    ")
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'.encode()


def _select(group: ElementTree.Element, selector: Selector) -> None:
    memory = {}
    if selector.low:
        memory["ram-min-bytes"] = str(selector.low)
    if selector.high is not None:
        memory["ram-max-bytes"] = str(selector.high)
    one = ElementTree.SubElement(group, _named("device-selector"), memory)
    for brand, code in selector.devices:
        device = {"brand": brand} | ({"device": code} if code else {})
        ElementTree.SubElement(one, _named("included-device-id"), device)
    for maker, model in selector.chips:
        chip = {"manufacturer": maker, "model": model}
        ElementTree.SubElement(one, _named("system-on-chip"), chip)


def _named(tag: str) -> str:
    return f"{{{NAMESPACE}}}{tag}"
