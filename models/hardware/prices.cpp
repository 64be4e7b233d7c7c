#include "models/hardware/prices.h"

#include <fmt/format.h>

#include "models/base/files.h"

namespace headroom::models {
namespace {

bool isMonth(const std::string& text) {
  if (text.size() != 7 || text[4] != '-') return false;
  for (const std::size_t i : {0U, 1U, 2U, 3U, 5U, 6U}) {
    if (text[i] < '0' || text[i] > '9') return false;
  }
  const int month = (text[5] - '0') * 10 + (text[6] - '0');
  return month >= 1 && month <= 12;
}

Price readPrice(const Value& value) {
  Fields fields(value);
  const Value price = fields.required("price");
  const Value date = fields.required("date");
  Price entry{
      .price = price.quantity<DollarsPerSecond>(), .source = fields.required("source").string(), .date = date.string()};
  fields.required("derived_from");  // the instance, for people
  fields.finish();
  if (entry.price <= DollarsPerSecond()) price.fail("must be more than 0");
  if (!isMonth(entry.date)) date.fail(fmt::format("\"{}\" is not a month", entry.date), "write YYYY-MM");
  return entry;
}

}  // namespace

std::map<std::string, Price> readPrices(const Value& value) {
  Fields fields(value);
  fields.required("schema").oneOf({"headroom.prices/1"});
  std::map<std::string, Price> prices;
  for (const auto& [name, entry] : fields.required("prices").members()) prices.emplace(name, readPrice(entry));
  fields.finish();
  return prices;
}

std::map<std::string, Price> listPrices() {
  return readPrices(Document::load(datasetsRoot() / "prices.yaml").root());
}

}  // namespace headroom::models
