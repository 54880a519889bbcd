#pragma once

#include "report/page_data.h"
#include "study/follower.h"

#include <cstdint>
#include <map>

namespace nachos::report {

/// The page's data of a study that grows. The text of a design is made once, and again only if its row was replaced; all
/// else is read again when the copy for viewers was.
class PageFollower {
  public:
    explicit PageFollower(std::filesystem::path folder);

    /// page_data() of the study as it stands, byte for byte. Throws what that and Study::open_readonly throw.
    std::string page_data();
    /// Texts of designs made so far.
    std::size_t made() const { return made_; }

  private:
    void take(const study::Follower::Update& update);
    std::vector<const DesignPart*> judged() const;

    std::filesystem::path folder_;
    study::Follower follower_;
    PageRest rest_ = {};
    std::map<std::int64_t, DesignPart> parts_ = {};  ///< by the rows they stand in
    std::size_t made_ = 0;
};

}  // namespace nachos::report
