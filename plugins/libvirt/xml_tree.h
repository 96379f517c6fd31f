// The little of libxml2's tree that reading and editing a domain's XML need. Not for headers: it brings all
// of libxml2. Nodes belong to their document.
#pragma once

#include <libxml/parser.h>
#include <libxml/tree.h>

#include <memory>
#include <string>

#include "plugins/libvirt/domain_xml.h"

namespace tenon::libvirt {

inline constexpr char kAliasPrefix[] = "ua-";  // libvirt keeps only aliases that begin so

using Document = std::unique_ptr<xmlDoc, decltype(&xmlFreeDoc)>;

inline const xmlChar* in(const std::string& text) { return reinterpret_cast<const xmlChar*>(text.c_str()); }

inline std::string out(xmlChar* text) {
  const std::string copy = text ? reinterpret_cast<const char*>(text) : "";
  if (text) xmlFree(text);
  return copy;
}

// Null for what is no XML. Nothing else is read for it.
inline Document parse_xml(const std::string& xml) {
  return {xmlReadMemory(xml.data(), static_cast<int>(xml.size()), nullptr, nullptr,
                        XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_HUGE),
          xmlFreeDoc};
}

inline bool is(xmlNode* node, const std::string& name) {
  return node->type == XML_ELEMENT_NODE && xmlStrEqual(node->name, in(name));
}

// The first child element of that name; null without one, also of null.
inline xmlNode* child(xmlNode* node, const std::string& name) {
  for (xmlNode* at = node ? node->children : nullptr; at; at = at->next)
    if (is(at, name)) return at;
  return nullptr;
}

inline std::string text(xmlNode* node) { return node ? out(xmlNodeGetContent(node)) : ""; }

inline std::string attribute(xmlNode* node, const char* name) {
  return node ? out(xmlGetNoNsProp(node, in(name))) : "";
}

// Of a domain; null: it has no mark.
inline xmlNode* mark_element(xmlNode* domain) {
  xmlNode* metadata = child(domain, "metadata");
  for (xmlNode* at = metadata ? metadata->children : nullptr; at; at = at->next)
    if (is(at, "resource") && at->ns && xmlStrEqual(at->ns->href, in(kMarkNamespace))) return at;
  return nullptr;
}

inline void remove(xmlNode* node) {
  if (!node) return;
  xmlUnlinkNode(node);
  xmlFreeNode(node);
}

}  // namespace tenon::libvirt
