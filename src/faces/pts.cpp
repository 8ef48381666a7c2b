// .pts files: text to tokens with their lines, tokens to points.
#include "lineament/faces/pts.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include "lineament/file.hpp"
#include "text.hpp"

namespace lineament {
namespace {

struct Token {
  std::string_view text;
  int line;
};

bool is_separator(char c) {
  return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == ',' || c == ';';
}
bool is_mark(char c) {
  return c == '{' || c == '}' || c == ':';
}

/// Words, numbers and the marks { } : each with its line; separators and comments are gone.
std::vector<Token> tokens(std::string_view text) {
  std::vector<Token> result;
  int line = 1;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    const bool comment = c == '#' || text.substr(i, 2) == "//";
    if (comment) {
      i = std::min(text.find_first_of("\r\n", i), text.size());
    } else if (c == '\n' || c == '\r') {
      line += c == '\n' || i + 1 == text.size() || text[i + 1] != '\n';  // "\r\n" is one line end
      ++i;
    } else if (is_separator(c)) {
      ++i;
    } else {
      std::size_t end = i + 1;
      if (!is_mark(c))
        while (end < text.size() && !is_separator(text[end]) && !is_mark(text[end]) && text[end] != '\r' &&
               text[end] != '\n' && text[end] != '#' && text.substr(end, 2) != "//")
          ++end;
      result.push_back({text.substr(i, end - i), line});
      i = end;
    }
  }
  return result;
}

class Parser {
 public:
  Parser(std::vector<Token> tokens, std::string_view name, const Scheme& scheme)
      : tokens_(std::move(tokens)), name_(name), scheme_(scheme) {}

  Landmarks parse() {
    if (tokens_.empty())
      throw FormatError({name_, "the file is empty", wanted(), "no number", "annotate the face or leave it out"});
    const bool standard =
        std::any_of(tokens_.begin(), tokens_.end(), [](const Token& t) { return is_mark(t.text[0]); });
    if (standard) {
      header();
      body();
    } else {
      bare_list();
    }
    Landmarks points(static_cast<std::size_t>(scheme_.points));
    for (std::size_t i = 0; i < points.size(); ++i)  // 1-based to 0-based, in double: the subtraction must not round
      points[i] = {static_cast<float>(values_[2 * i] - 1), static_cast<float>(values_[2 * i + 1] - 1)};
    return points;
  }

 private:
  std::string where(int line) const { return name_ + ":" + std::to_string(line); }
  std::string wanted() const { return std::to_string(scheme_.points) + " points"; }

  std::size_t count() const { return static_cast<std::size_t>(scheme_.values()); }

  /// The tokens of the line that begins at next_, without the marks { }, which stand for themselves.
  std::size_t line_length() const {
    std::size_t n = 0;
    while (next_ + n < tokens_.size() && tokens_[next_ + n].line == tokens_[next_].line &&
           tokens_[next_ + n].text != "{" && tokens_[next_ + n].text != "}")
      ++n;
    return n;
  }

  void header() {
    while (next_ < tokens_.size() && tokens_[next_].text != "{") {
      const Token& key = tokens_[next_];
      const std::size_t n = line_length();
      if (n < 2 || tokens_[next_ + 1].text != ":")
        throw FormatError({where(key.line), "the header is not understood", "'key: value' or '{'",
                           text::in_quotes(key.text), "see the .pts files of 300-W"});
      if (text::equal_ignoring_case(key.text, "n_points")) {
        const std::string_view count = n > 2 ? tokens_[next_ + 2].text : "";
        if (text::index(count) != scheme_.points)
          throw FormatError({where(key.line), "the number of points is wrong",
                             "n_points: " + std::to_string(scheme_.points), text::in_quotes(count),
                             text::fix_points(scheme_)});
      }
      next_ += n;
    }
    if (next_ == tokens_.size())
      throw FormatError({where(tokens_.back().line), "the list of points is missing", "'{'", "the end of the file",
                         "the file may be cut short: copy it again"});
    ++next_;
  }

  void body() {
    while (next_ < tokens_.size() && tokens_[next_].text != "}") {
      const int line = tokens_[next_].line;
      const std::size_t n = line_length();
      if (n != 2)
        throw FormatError({where(line), "the line is not a point", "two numbers",
                           std::to_string(n) + (n == 1 ? " word" : " words"), "correct the line"});
      for (std::size_t i = 0; i < n; ++i) values_.push_back(text::coordinate(tokens_[next_ + i].text, where(line)));
      next_ += n;
    }
    const std::string got = std::to_string(values_.size() / 2) + " points";
    // Without the brace the last number may have lost digits, and nobody would know.
    if (next_ == tokens_.size())
      throw FormatError({where(tokens_.back().line), "the closing brace is missing", "'}' after " + wanted(),
                         "the end of the file after " + got, "the file may be cut short: copy it again"});
    if (values_.size() != count())
      throw FormatError(
          {where(tokens_[next_].line), "the number of points is wrong", wanted(), got, text::fix_points(scheme_)});
    if (++next_ < tokens_.size())
      throw FormatError({where(tokens_[next_].line), "there is text after the closing brace", "the end of the file",
                         text::in_quotes(tokens_[next_].text), "remove it; one file holds one face"});
  }

  void bare_list() {
    const bool named = !text::number(tokens_[0].text) && (tokens_.size() == 1 || tokens_[1].line != tokens_[0].line);
    for (next_ = named ? 1 : 0; next_ < tokens_.size(); ++next_)
      values_.push_back(text::coordinate(tokens_[next_].text, where(tokens_[next_].line)));
    if (values_.size() != count())
      throw FormatError({where(tokens_.back().line), "the number of coordinates is wrong",
                         std::to_string(count()) + " numbers (" + wanted() + ")", std::to_string(values_.size()),
                         text::fix_points(scheme_)});
  }

  std::vector<Token> tokens_;
  std::string name_;
  const Scheme& scheme_;
  std::size_t next_ = 0;
  std::vector<double> values_;
};

std::string one_based(float coordinate) {
  const double value = static_cast<double>(coordinate) + 1;
  char buffer[64];
  if (std::abs(value) < 1e9) {
    for (int decimals = 3; decimals <= 17; ++decimals) {
      const char* end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed, decimals).ptr;
      const std::string_view digits(buffer, static_cast<std::size_t>(end - buffer));
      if (static_cast<float>(*text::number(digits) - 1) == coordinate) return std::string(digits);
    }
  }
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

}  // namespace

Landmarks parse_pts(std::string_view text, std::string_view name, const Scheme& scheme) {
  if (text.size() > text::kLargestFaceFile)
    throw FormatError({std::string(name), "the file is too large for the points of a face", "at most 1 MiB",
                       std::to_string(text.size()) + " bytes", "check what file this is"});
  const std::string utf8 = text::as_utf8(std::string(text), std::string(name));
  return Parser(tokens(utf8), name, scheme).parse();
}

Landmarks read_pts(const std::filesystem::path& path, const Scheme& scheme) {
  return parse_pts(read_text(path), path.string(), scheme);
}

std::string format_pts(const Landmarks& points) {
  text::require_finite({.image = {}, .points = points}, "points", text::Unknown::refuse);
  std::string result = "version: 1\nn_points: " + std::to_string(points.size()) + "\n{\n";
  for (const Point& p : points) result += one_based(p.x) + " " + one_based(p.y) + "\n";
  return result + "}\n";
}

void write_pts(const std::filesystem::path& path, const Landmarks& points) {
  try {
    write_file(path, format_pts(points));
  } catch (const ArgumentError& error) {
    Problem problem = error.problem();
    problem.where = path.string();
    throw ArgumentError(problem);
  }
}

}  // namespace lineament
