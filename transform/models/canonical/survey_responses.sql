{{ union_connectors('survey_responses') }}
