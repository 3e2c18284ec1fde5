// The strict reader and the writer: what they refuse, and that they undo each other.
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>
#include <random>
#include <string>

#include <busfare/error.hpp>

#include "core/json_writer.hpp"
#include "core/strict_json.hpp"

namespace {

using namespace busfare;
using namespace busfare::core;

void expect_corrupt(const std::string& text) {
  try {
    parse_json(text);
    ADD_FAILURE() << "accepted: " << text.substr(0, 80);
  } catch (const error& e) {
    EXPECT_EQ(e.kind(), error_class::corrupt);
  }
}

TEST(json_strict, refuses_what_is_not_strict) {
  for (const char* text : {"", "{", "[1,]", "{\"a\":1,\"a\":2}", "{\"a\":1} x", "NaN", "[1e999]", "\"\xff\"",
                           "// c\n1", "'a'", "01"})
    expect_corrupt(text);
  expect_corrupt(std::string(33, '[') + std::string(33, ']'));
  EXPECT_NO_THROW(parse_json(std::string(32, '[') + std::string(32, ']')));
  expect_corrupt("\"" + std::string(1 << 20, 'x') + "\"");
  std::string many = "{";
  for (int i = 0; i < 5000; ++i) many += (i ? ",\"" : "\"") + std::to_string(i) + "\":0";
  expect_corrupt(many + "}");
}

TEST(json_strict, messages_quote_untrusted_text_in_part_and_without_control_characters) {
  const std::string key = "\\u001b[31m" + std::string(5000, 'x');
  const auto said = [](auto read) {
    try {
      read();
    } catch (const error& e) {
      return e.message();
    }
    return std::string();
  };
  const std::string twice = said([&] { parse_json("{\"" + key + "\":1,\"" + key + "\":2}"); });
  const std::string unknown = said([&] {
    const json_value v = parse_json("{\"" + key + "\":1}");
    json_reader(v, "p").finish();
  });
  const std::string nested = said([&] {
    const json_value v = parse_json("{\"" + key + "\":1}");
    json_reader(v, "p").object(v.keys[0]);
  });
  for (const std::string& s : {twice, unknown, nested}) {
    EXPECT_NE(s.find("?[31mxxx"), std::string::npos) << s;
    EXPECT_EQ(s.find('\x1b'), std::string::npos);
    EXPECT_LT(s.size(), 400u);
  }
}

TEST(json_strict, reader_checks_types_ranges_and_unknown_keys) {
  const json_value v =
      parse_json(R"({"n":1.5,"w":7,"t":"x","b":true,"a":[1,2],"o":{"k":0},"neg":-1,"odd":null})");
  json_reader r(v, "p");
  EXPECT_EQ(r.number("n", 0, 2), 1.5);
  EXPECT_EQ(r.number("w", 0, 7), 7);
  EXPECT_EQ(r.whole("w", 0, 7), 7u);
  EXPECT_EQ(r.text("t"), "x");
  EXPECT_TRUE(r.boolean("b"));
  EXPECT_EQ(r.array("a").size(), 2u);
  EXPECT_EQ(r.object("o").whole("k", 0, 0), 0u);
  EXPECT_EQ(r.number("neg", -1, 0), -1);
  EXPECT_THROW(r.whole("n", 0, 9), error);
  EXPECT_THROW(r.whole("neg", 0, 9), error);
  EXPECT_THROW(r.number("n", 2, 3), error);
  EXPECT_THROW(r.text("n"), error);
  EXPECT_THROW(r.text("t", 0), error);
  EXPECT_THROW(r.array("a", 1), error);
  EXPECT_THROW(r.required("absent"), error);
  try {
    r.finish();
    ADD_FAILURE();
  } catch (const error& e) {
    EXPECT_EQ(e.message(), "p.odd: unknown key");
  }
  r.required("odd");
  EXPECT_NO_THROW(r.finish());
}

TEST(json_writer, lays_out_and_escapes) {
  json_writer w(0);
  w.begin_object()
      .member("a\"b", "x\n\x01\xff\xc3\xa4")
      .key("n")
      .begin_array()
      .value(1)
      .value(-2.5)
      .value(std::nan(""));
  w.value(true).null().end_array().key("e").begin_object().end_object().end_object();
  EXPECT_EQ(w.text(),
            "{\"a\\\"b\":\"x\\n\\u0001\xEF\xBF\xBD\xc3\xa4\",\"n\":[1,-2.5,null,true,null],\"e\":{}}");
  json_writer p;
  p.begin_array().value(1).end_array();
  EXPECT_EQ(p.text(), "[\n  1\n]\n");
}

TEST(json_writer, refuses_calls_out_of_order) {
  json_writer w;
  w.begin_object();
  EXPECT_THROW(w.value(1), error);
  EXPECT_THROW(w.end_array(), error);
  w.end_object();
  EXPECT_THROW(w.value(1), error);
}

TEST(json_writer, doubles_read_back_the_same) {
  EXPECT_EQ(parse_json("-0").what, json_value::kind::unsigned_integer);
  EXPECT_TRUE(std::signbit(parse_json(json_writer(0).value(-0.0).text()).real));
  const unsigned seed = 3;
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t bits = random();
    double x = 0;
    std::memcpy(&x, &bits, sizeof x);
    if (!std::isfinite(x)) continue;
    json_writer w(0);
    w.begin_object().member("x", x).end_object();
    const json_value v = parse_json(w.text());
    EXPECT_EQ(json_reader(v, "").number("x", -std::numeric_limits<double>::max(),
                                        std::numeric_limits<double>::max()),
              x);
  }
}

}  // namespace
