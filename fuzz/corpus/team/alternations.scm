[(call) (await (call)) ((attribute) . (_)?)]* @a
(_ (_)+ @b . (_)* @c (_) @finding)
((_) @finding (#kind? @finding page items) (#lives? @finding process))
