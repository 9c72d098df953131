{{ union_connectors('feature_exposures') }}
