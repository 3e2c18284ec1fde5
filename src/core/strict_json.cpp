// The strict reader over nlohmann-json's event interface: see strict_json.hpp.
#include "core/strict_json.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include <busfare/error.hpp>

namespace busfare::core {

namespace {

// Builds json_value from events; refusing in an event stops the parser at once, before memory is spent.
class builder {
 public:
  using number_integer_t = nlohmann::json::number_integer_t;
  using number_unsigned_t = nlohmann::json::number_unsigned_t;
  using number_float_t = nlohmann::json::number_float_t;
  using string_t = nlohmann::json::string_t;
  using binary_t = nlohmann::json::binary_t;

  builder(json_value& root, const json_limits& limits) : root_(root), limits_(limits) {}

  [[nodiscard]] const std::string& why() const noexcept { return why_; }

  // The names are nlohmann's.
  bool null() { return put(json_value{}); }
  bool boolean(bool b) {
    json_value v;
    v.what = json_value::kind::boolean;
    v.truth = b;
    return put(std::move(v));
  }
  bool number_integer(number_integer_t n) {
    if (n >= 0) return number_unsigned(static_cast<number_unsigned_t>(n));  // "-0"
    json_value v;
    v.what = json_value::kind::integer;
    v.integer = n;
    return put(std::move(v));
  }
  bool number_unsigned(number_unsigned_t n) {
    json_value v;
    v.what = json_value::kind::unsigned_integer;
    v.unsigned_integer = n;
    return put(std::move(v));
  }
  bool number_float(number_float_t n, const string_t& digits) {
    if (!std::isfinite(n)) return refuse("the number " + digits + " is out of range");
    json_value v;
    v.what = json_value::kind::real;
    v.real = n;
    return put(std::move(v));
  }
  bool string(string_t& s) {
    json_value v;
    v.what = json_value::kind::text;
    v.text = std::move(s);
    return put(std::move(v));
  }
  bool binary(binary_t&) { return refuse("binary data"); }
  bool start_object(std::size_t) { return open(json_value::kind::object); }
  bool end_object() { return close(); }
  bool start_array(std::size_t) { return open(json_value::kind::array); }
  bool end_array() { return close(); }
  bool key(string_t& name) {
    if (open_.back()->keys.size() >= limits_.members)
      return refuse("an object of more than " + std::to_string(limits_.members) + " members");
    if (open_.back()->find(name) != nullptr) return refuse("the key \"" + name + "\" stands twice");
    key_ = std::move(name);
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& e) {
    return refuse(e.what());
  }

 private:
  bool refuse(const std::string& why) {
    why_ = why;
    return false;
  }
  json_value& place(json_value v) {
    if (open_.empty()) return root_ = std::move(v);
    json_value& parent = *open_.back();
    if (parent.what == json_value::kind::object) parent.keys.push_back(std::move(key_));
    return parent.items.emplace_back(std::move(v));
  }
  bool put(json_value v) {
    place(std::move(v));
    return true;
  }
  bool open(json_value::kind what) {
    if (static_cast<int>(open_.size()) >= limits_.depth)
      return refuse("nested deeper than " + std::to_string(limits_.depth) + " levels");
    json_value v;
    v.what = what;
    // Stays valid while it is open: a parent grows only after its open child was closed.
    open_.push_back(&place(std::move(v)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  json_value& root_;
  const json_limits& limits_;
  std::vector<json_value*> open_;
  std::string key_, why_;
};

[[noreturn]] void corrupt(const std::string& what) { throw error(error_class::corrupt, what); }

}  // namespace

const json_value* json_value::find(std::string_view name) const noexcept {
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (keys[i] == name) return &items[i];
  return nullptr;
}

json_value parse_json(std::string_view text, const json_limits& limits) {
  if (text.size() > limits.bytes)
    corrupt("JSON of " + std::to_string(text.size()) + " bytes; at most " + std::to_string(limits.bytes) +
            " are read");
  json_value root;
  builder events(root, limits);
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &events, nlohmann::json::input_format_t::json,
                                 true))
    corrupt("JSON: " + printable(events.why(), 256));
  return root;
}

json_reader::json_reader(const json_value& value, std::string path) : value_(&value), path_(std::move(path)) {
  if (value.what != json_value::kind::object) corrupt(path_ + ": not an object");
  used_.resize(value.keys.size());
}

void json_reader::fail(std::string_view name, std::string_view what) const {
  corrupt(path_ + (path_.empty() ? "" : ".") + printable(name) + ": " + std::string(what));
}

bool json_reader::has(std::string_view name) const noexcept { return value_->find(name) != nullptr; }

const json_value& json_reader::required(std::string_view name) {
  for (std::size_t i = 0; i < value_->keys.size(); ++i)
    if (value_->keys[i] == name) {
      used_[i] = true;
      return value_->items[i];
    }
  fail(name, "missing");
}

double json_reader::number(std::string_view name, double least, double most) {
  const json_value& v = required(name);
  double x = 0;
  if (v.what == json_value::kind::real)
    x = v.real;
  else if (v.what == json_value::kind::integer)
    x = static_cast<double>(v.integer);
  else if (v.what == json_value::kind::unsigned_integer)
    x = static_cast<double>(v.unsigned_integer);
  else
    fail(name, "not a number");
  if (!(x >= least && x <= most)) fail(name, "out of range");
  return x;
}

std::uint64_t json_reader::whole(std::string_view name, std::uint64_t least, std::uint64_t most) {
  const json_value& v = required(name);
  if (v.what != json_value::kind::unsigned_integer) fail(name, "not a whole number");
  if (v.unsigned_integer < least || v.unsigned_integer > most) fail(name, "out of range");
  return v.unsigned_integer;
}

bool json_reader::boolean(std::string_view name) {
  const json_value& v = required(name);
  if (v.what != json_value::kind::boolean) fail(name, "not true or false");
  return v.truth;
}

std::string json_reader::text(std::string_view name, std::size_t most) {
  const json_value& v = required(name);
  if (v.what != json_value::kind::text) fail(name, "not a text");
  if (v.text.size() > most) fail(name, "too long");
  return v.text;
}

const std::vector<json_value>& json_reader::array(std::string_view name, std::size_t most) {
  const json_value& v = required(name);
  if (v.what != json_value::kind::array) fail(name, "not an array");
  if (v.items.size() > most) fail(name, "too many items");
  return v.items;
}

json_reader json_reader::object(std::string_view name) {
  const json_value& v = required(name);
  return {v, path_ + (path_.empty() ? "" : ".") + printable(name)};
}

void json_reader::finish() const {
  for (std::size_t i = 0; i < used_.size(); ++i)
    if (!used_[i]) fail(value_->keys[i], "unknown key");
}

}  // namespace busfare::core
