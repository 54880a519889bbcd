#pragma once

#include <ATen/Parallel.h>
#include <omp.h>

namespace nachos::train {

/// How many threads libtorch and oneDNN use for work that the calling thread starts; other threads keep theirs.
/// (at::set_num_threads also decides for threads to come, and a thread's first parallel loop takes that number over: hence
/// the call that comes first.)
inline void set_own_threads(int threads) {
    at::get_num_threads();
    omp_set_num_threads(threads);
}

}  // namespace nachos::train
