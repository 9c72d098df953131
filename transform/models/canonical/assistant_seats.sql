{{ union_connectors('assistant_seats') }}
