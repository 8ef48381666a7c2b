// CSV tables: text to rows (RFC 4180), rows to faces.
#include "lineament/faces/csv.hpp"

#include <algorithm>

#include "lineament/file.hpp"
#include "text.hpp"

namespace lineament {
namespace {

struct Row {
  std::vector<std::string> fields;
  int line = 1;        ///< where it begins
  bool closed = true;  ///< false: a quote was opened and never closed
};

/// Splits RFC 4180 text into rows, blank ones left out. A quoted field may hold commas, line ends and doubled quotes.
class Rows {
 public:
  explicit Rows(std::string_view text) : text_(text) {
    if (text_.substr(0, 3) == "\xEF\xBB\xBF") text_.remove_prefix(3);
  }

  bool next(Row& row) {
    do {
      if (i_ >= text_.size()) return false;
      row = {};
      row.line = line_;
      do row.fields.push_back(field(row));
      while (i_ < text_.size() && text_[i_++] == ',');
    } while (row.fields.size() == 1 && row.fields[0].empty());
    return true;
  }

 private:
  /// Leaves i_ at the comma, at the last character of the line end, or at the end.
  std::string field(Row& row) {
    std::string raw;
    bool quoted = false;
    for (; i_ < text_.size(); ++i_) {
      const char c = text_[i_];
      const bool blank_so_far = text::trim(raw).empty();
      if (c == '"' && quoted && i_ + 1 < text_.size() && text_[i_ + 1] == '"') {
        raw += text_[++i_];
      } else if (c == '"' && (quoted || blank_so_far)) {
        quoted = !quoted;
      } else if (c == ',' && !quoted) {
        break;
      } else if (c == '\n' || c == '\r') {
        const bool pair = c == '\r' && i_ + 1 < text_.size() && text_[i_ + 1] == '\n';
        if (pair) ++i_;
        ++line_;
        if (!quoted) break;
        raw += '\n';
      } else {
        raw += c;
      }
    }
    row.closed = row.closed && !quoted;
    return std::string(text::trim(raw));
  }

  std::string_view text_;
  std::size_t i_ = 0;
  int line_ = 1;
};

bool is_header(const Row& row) {
  return row.fields[0].empty() || std::none_of(row.fields.begin() + 1, row.fields.end(),
                                               [](const auto& f) { return text::number(f).has_value(); });
}

/// x0 … x67, y0 … y67 instead of x0, y0, x1, y1 …
bool lists_x_first(const Row& header) {
  const auto is_x = [&](std::size_t i) { return text::lower(header.fields[i]).compare(0, 1, "x") == 0; };
  return header.fields.size() > 2 && is_x(1) && is_x(2);
}

Face face_of(const Row& row, bool x_first, const std::string& where, const std::filesystem::path& folder) {
  if (!row.closed)
    throw FormatError({where, "a quote is never closed", "\"…\"", "the end of the file", "close the quote"});
  if (row.fields.size() != 1 + kValues)
    throw FormatError({where, "the number of fields is wrong", "a name and 136 numbers",
                       std::to_string(row.fields.size()) + " fields", "separate 137 fields with commas"});
  if (row.fields[0].empty())
    throw FormatError({where, "the photo's name is missing", "a file name", "an empty field", "name the photo"});
  Face face;
  const auto value = [&](std::size_t i) { return static_cast<float>(text::coordinate(row.fields[1 + i], where)); };
  for (std::size_t i = 0; i < face.points.size(); ++i)
    face.points[i] = x_first ? Point{value(i), value(kPoints + i)} : Point{value(2 * i), value(2 * i + 1)};
  const std::filesystem::path image(row.fields[0]);
  face.image = (folder / image).lexically_normal();
  face.photo = photo_id(image);
  return face;
}

}  // namespace

Dataset parse_csv(std::string_view text, std::string_view name, const std::filesystem::path& folder) {
  Dataset result;
  Rows rows(text);
  Row row;
  bool first = true, x_first = false;
  while (rows.next(row)) {
    const bool header = first && is_header(row);
    first = false;
    if (header) {
      x_first = lists_x_first(row);
      continue;
    }
    const std::string where = std::string(name) + ":" + std::to_string(row.line);
    try {
      result.faces.push_back(face_of(row, x_first, where, folder));
    } catch (const FormatError& error) {
      result.rejected.push_back(text::rejected(error, where));
    }
  }
  if (result.faces.empty() && result.rejected.empty())
    throw FormatError({std::string(name), "the table has no row of points", "a name and 136 numbers a row",
                       first ? "an empty file" : "a header only", "check what file this is"});
  return result;
}

Dataset read_csv(const std::filesystem::path& path) {
  return parse_csv(read_text(path), path.string(), path.parent_path());
}

}  // namespace lineament
